"""The mix of pictures that users ask for: mostly small and short, some large, some long."""

from __future__ import annotations

import base64
import io
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image

PROMPTS = ("a red house under a starry sky", "two green trees", "a blue boat, (calm:1.3) sea", "a [yellow:red:0.5] sun")
SAMPLERS = ("Euler", "Euler a", "DPM++ 2M", "Heun")


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture in pixels, how many steps it takes, and how often it is asked for."""

    width: int
    height: int
    steps: int
    weight: int

    @property
    def name(self) -> str:
        return f"{self.width}×{self.height}, {self.steps} steps"


SIZES = (
    Size(128, 128, 4, 6),
    Size(128, 128, 20, 6),
    Size(192, 128, 20, 3),
    Size(128, 128, 50, 2),
    Size(256, 256, 20, 1),
)
LONG = Size(128, 128, 150, 0)
"""For a request that is not waited for."""


@dataclass(frozen=True, slots=True)
class Job:
    """One picture."""

    size: Size
    prompt: str
    sampler: str
    seed: int


def job(dice: random.Random, size: Size | None = None) -> Job:
    """One of the mix, or one of that size."""
    size = size or dice.choices(SIZES, [each.weight for each in SIZES])[0]
    return Job(size, dice.choice(PROMPTS), dice.choice(SAMPLERS), dice.randrange(2**32))


@cache
def init_image() -> str:
    """A PNG of 128 by 128 in base64, for image-to-image."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((128, 128)).convert("RGB").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
