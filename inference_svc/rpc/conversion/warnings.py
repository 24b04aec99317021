"""What of a request is changed or has no effect, in words."""

from __future__ import annotations

from inference_svc.prompts import extra_networks, not_found
from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g

_MOST_NETWORKS = 16


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
    return [*(text for applies, text in remarks if applies), *_networks_not_found(request)]


def _networks_not_found(request: g.GenerateImageRequest) -> list[str]:
    """Says which networks are missing, of those that act: a batch has the networks of its first prompt."""
    size = request.batch_size if request.HasField("batch_size") else 1
    prompts = [*(request.picture_prompts[::size] or [request.prompt]), request.hires.prompt]
    texts = list(not_found([network for prompt in prompts for network in extra_networks(prompt)[1]]))
    left_out = len(texts) - _MOST_NETWORKS
    return texts if left_out <= 0 else [*texts[:_MOST_NETWORKS], f"{left_out} more networks not found"]
