"""How a part of a picture is made anew."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from inference_svc.pipelines.pixels import Pixels


class MaskFill(Enum):
    """What the repainted part starts from; the values are A1111's."""

    FILL = 0
    ORIGINAL = 1
    LATENT_NOISE = 2
    LATENT_NOTHING = 3


@dataclass(frozen=True, slots=True, eq=False)
class InpaintSettings:
    """Which part is made anew, and how.

    `mask`: pixels (H, W, 3 or 4), white or opaque is repainted (see `masks.read_mask`). `blur`: horizontal and
    vertical, in pixels. `only_masked`: the part around the mask alone is worked on, at full size, with `padding` pixels
    around it, and put back. `overlay`: what is not masked keeps its original pixels. `rounded`: the mask is 0 or 1 at
    latent size.
    """

    mask: Pixels
    blur: tuple[int, int] = (4, 4)
    invert: bool = False
    fill: MaskFill = MaskFill.FILL
    only_masked: bool = False
    padding: int = 32
    overlay: bool = True
    rounded: bool = True
    return_mask: bool = False
    return_composite: bool = False
