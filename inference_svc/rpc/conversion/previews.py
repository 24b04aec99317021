"""Previews: a linear look at the latents, cheap enough to make while the next step runs."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from PIL import Image as pil

from inference_svc.pipelines import preview
from inference_svc.work import Array, ModelFacts
from latentwire.v1 import types_pb2 as t

_LARGEST_SIDE = 512
_NAMES = {t.IMAGE_FORMAT_PNG: "PNG", t.IMAGE_FORMAT_JPEG: "JPEG", t.IMAGE_FORMAT_WEBP: "WEBP"}


def encode_preview(latents: Sequence[Array], facts: ModelFacts, options: t.ImageOptions) -> tuple[bytes, int, int]:
    """Returns an encoded look at the denoised latents of some pictures, (1, C, h, w) each, its width and its height.

    At the pictures' size, or smaller where that is over 512 pixels a side. Several make a grid.
    """
    picture = _sheet([pil.fromarray(preview(each, facts.latent_to_rgb)) for each in latents])
    scale = min(facts.latent_scale, _LARGEST_SIDE / max(picture.size))
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), pil.Resampling.BICUBIC)
    return _encoded(picture, options), picture.width, picture.height


def _sheet(pictures: Sequence[pil.Image]) -> pil.Image:
    """All of them, row by row, as nearly square as their number allows; those of another size as large as the first."""
    if len(pictures) == 1:
        return pictures[0]
    width, height = pictures[0].size
    rows = max(rows for rows in range(1, math.isqrt(len(pictures)) + 1) if len(pictures) % rows == 0)
    columns = len(pictures) // rows
    sheet = pil.new("RGB", (columns * width, rows * height))
    for number, picture in enumerate(pictures):
        sheet.paste(picture.resize((width, height)), (number % columns * width, number // columns * height))
    return sheet


def _encoded(picture: pil.Image, options: t.ImageOptions) -> bytes:
    if options.format == t.IMAGE_FORMAT_RAW_RGB:
        return picture.tobytes()
    settings: dict[str, Any] = {"compress_level": 1} if options.format == t.IMAGE_FORMAT_PNG else {}
    if options.format in {t.IMAGE_FORMAT_JPEG, t.IMAGE_FORMAT_WEBP}:
        settings["quality"] = options.quality
    if options.format == t.IMAGE_FORMAT_WEBP:
        settings["lossless"] = options.lossless
    buffer = io.BytesIO()
    picture.save(buffer, _NAMES[options.format], **settings)
    return buffer.getvalue()
