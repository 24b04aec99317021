"""What pipelines tell whoever listens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from inference_svc.pipelines.spec import ImageFormat, Pixels
from inference_svc.sampling import SamplerState
from inference_svc.work import Array


class Stage(Enum):
    """Where a picture stands."""

    FIRST_PASS = "first pass"
    HIRES_PASS = "hires pass"
    DECODING = "decoding"
    DELIVERED = "delivered"


class ImageKind(Enum):
    """What a picture shows."""

    RESULT = "result"
    MASK = "mask"
    MASK_COMPOSITE = "mask composite"


@dataclass(frozen=True, slots=True, eq=False)
class StepDone:
    """A step is over. `sigma`: the noise level reached. `state`: to go on from, `denoised` (1, C, h, w): for previews.

    Both are the picture's own arrays, on the device that it is computed on: read, never written. `refined`: the pass'
    refiner has taken over. `steps_before`: those of the passes before, `steps_in_all`: of all `pass_count` passes.
    """

    index: int
    step: int
    step_count: int
    sigma: float
    stage: Stage
    state: SamplerState
    denoised: Array
    steps_before: int = 0
    steps_in_all: int = 0
    pass_count: int = 1
    refined: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PictureReady:
    """A finished picture. `data`: the encoded file, or width * height * 3 bytes of RGB for RAW_RGB.

    `pixels`: (H, W, 3), those of a composite (H, W, 4).
    """

    index: int
    seed: int
    subseed: int
    pixels: Pixels
    data: bytes
    format: ImageFormat
    infotext: str
    kind: ImageKind = ImageKind.RESULT

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about how the request was served that its sender should know, in words."""

    text: str
