"""Several pictures side by side as one. Blocking: run it in a thread."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from PIL import Image

from gateway_svc.files import image_of
from latentwire.chunks import Picture


def grid(pictures: Sequence[Picture]) -> Picture:
    """All of them, in order, row by row, in a grid as nearly square as their number allows. They are of one size."""
    first = pictures[0]
    columns = math.ceil(len(pictures) / rows(len(pictures)))
    sheet = Image.new("RGB", (columns * first.width, rows(len(pictures)) * first.height))
    for number, picture in enumerate(pictures):
        sheet.paste(image_of(picture), (number % columns * first.width, number // columns * first.height))
    return dataclasses.replace(first, data=sheet.tobytes(), width=sheet.width, height=sheet.height)


def rows(count: int) -> int:
    """The largest divisor of `count` that is not above its square root."""
    return max(divisor for divisor in range(1, math.isqrt(count) + 1) if count % divisor == 0)
