"""The part of a picture that is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inference_svc.pipelines import InpaintSettings, MaskFill
from inference_svc.rpc.conversion.images import Pixels
from inference_svc.rpc.conversion.settings import checked_enum
from inference_svc.rpc.conversion.violations import Violations
from latentwire.v1 import generation_service_pb2 as g

DEFAULT_BLUR, MOST_BLUR = 4, 64
DEFAULT_PADDING, MOST_PADDING = 32, 256

_FILLS: Mapping[int, MaskFill] = MappingProxyType(
    {
        g.MASK_FILL_FILL: MaskFill.FILL,
        g.MASK_FILL_ORIGINAL: MaskFill.ORIGINAL,
        g.MASK_FILL_LATENT_NOISE: MaskFill.LATENT_NOISE,
        g.MASK_FILL_LATENT_NOTHING: MaskFill.LATENT_NOTHING,
    }
)


def resolve_inpaint(request: g.GenerateImageRequest, resolved: g.GenerateImageRequest, violations: Violations) -> None:
    """Fills in the part's defaults, its mask left out, and checks every value."""
    if not request.HasField("inpaint"):
        return
    if not request.HasField("init"):
        violations.add("inpaint", "inpaint without init", "inpaint with a picture in init")
    given = request.inpaint
    padding = given.only_masked_padding if given.HasField("only_masked_padding") else DEFAULT_PADDING
    weight = given.conditioning_weight if given.HasField("conditioning_weight") else 1.0
    fill = checked_enum(given.fill, g.MaskFill, "inpaint.fill", violations)
    resolved.inpaint.CopyFrom(
        g.Inpaint(
            blur_x=_blur("x", given, violations),
            blur_y=_blur("y", given, violations),
            invert=given.invert,
            fill=fill or g.MASK_FILL_FILL,
            only_masked=given.only_masked,
            only_masked_padding=violations.whole("inpaint.only_masked_padding", padding, 0, MOST_PADDING),
            overlay=given.overlay if given.HasField("overlay") else True,
            round=given.round if given.HasField("round") else True,
            conditioning_weight=violations.number("inpaint.conditioning_weight", weight, 0, 1),
            return_mask=given.return_mask,
            return_composite=given.return_composite,
        )
    )


def inpaint_settings(resolved: g.Inpaint, mask: Pixels) -> InpaintSettings:
    """Returns which part is made anew, and how."""
    return InpaintSettings(
        mask=mask,
        blur=(resolved.blur_x, resolved.blur_y),
        invert=resolved.invert,
        fill=_FILLS[resolved.fill],
        only_masked=resolved.only_masked,
        padding=resolved.only_masked_padding,
        overlay=resolved.overlay,
        rounded=resolved.round,
        return_mask=resolved.return_mask,
        return_composite=resolved.return_composite,
    )


def _blur(axis: str, given: g.Inpaint, violations: Violations) -> int:
    field = f"blur_{axis}"
    value = getattr(given, field) if given.HasField(field) else DEFAULT_BLUR  # type: ignore[arg-type]  # one of two
    return violations.whole(f"inpaint.{field}", value, 0, MOST_BLUR)
