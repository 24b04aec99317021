"""What of a request is changed or has no effect, in words."""

from __future__ import annotations

from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g


def warnings_of(request: g.GenerateImageRequest, facts: ModelFacts) -> list[str]:
    """Returns a sentence for each part of the request that has no effect with this model."""
    name = facts.name
    remarks = (
        (
            request.guidance.HasField("image_scale"),
            f"guidance.image_scale has no effect: {name} lacks that input",
        ),
        (request.tiling and not facts.tileable, f"tiling has no effect: {name} can't wrap around"),
        (request.init.color_correction, "init.color_correction has no effect: it is not implemented yet"),
        (request.events.resume_every > 0, "events.resume_every has no effect: resume points are not made yet"),
    )
    return [text for applies, text in remarks if applies]
