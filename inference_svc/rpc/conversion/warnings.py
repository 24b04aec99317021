"""What of a request is changed or has no effect, in words."""

from __future__ import annotations

from collections.abc import Iterator

from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.hires import hires_sizes
from inference_svc.rpc.conversion.networks import networks_not_found
from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


def warnings_of(resolved: g.GenerateImageRequest, facts: ModelFacts, beside: Beside | None = None) -> list[str]:
    """Returns a sentence for each part of the request that is changed or has no effect with this model."""
    changed = _changed(resolved, facts, beside or Beside())
    return [*_without_effect(resolved, facts), *changed, *networks_not_found(_acting(resolved))]


def _without_effect(resolved: g.GenerateImageRequest, facts: ModelFacts) -> Iterator[str]:
    name, init, inpaint = facts.name, resolved.init, resolved.inpaint
    weighted = resolved.HasField("inpaint") and inpaint.conditioning_weight != 1
    remarks = (
        (resolved.guidance.HasField("image_scale"), f"guidance.image_scale has no effect: {name} lacks that input"),
        (resolved.tiling and not facts.tileable, f"tiling has no effect: {name} can't wrap around"),
        (
            bool(init.upscaler) and init.resize_mode == t.RESIZE_MODE_LATENT,
            "init.upscaler has no effect: the picture is resized as latents",
        ),
        (weighted, f"inpaint.conditioning_weight has no effect: {name} is not made for inpainting"),
        (
            resolved.HasField("refiner") and resolved.refiner.model == name and not resolved.hires.model,
            f"refiner has no effect: {name} is the model itself",
        ),
    )
    return (text for applies, text in remarks if applies)


def _changed(resolved: g.GenerateImageRequest, facts: ModelFacts, beside: Beside) -> Iterator[str]:
    if not resolved.HasField("hires"):
        return
    own = beside.hires.facts if beside.hires else facts
    sizes = hires_sizes(resolved, own)
    if sizes.size != sizes.asked:
        (width, height), (asked_width, asked_height) = sizes.size, sizes.asked
        yield (
            f"hires makes {width}x{height} in place of {asked_width}x{asked_height}: "
            f"sides are multiples of {own.size_multiple}"
        )


def _acting(request: g.GenerateImageRequest) -> list[str]:
    """The prompts whose networks act: a batch has those of its first one."""
    size = request.batch_size if request.HasField("batch_size") else 1
    return [*(request.picture_prompts[::size] or [request.prompt]), request.hires.prompt]
