"""Previews: a linear look at the latents, cheap enough to make while the next step runs."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image as pil

from inference_svc.pipelines import preview
from inference_svc.work import Array, ModelFacts
from latentwire.v1 import types_pb2 as t

_LARGEST_SIDE = 512
_NAMES = {t.IMAGE_FORMAT_PNG: "PNG", t.IMAGE_FORMAT_JPEG: "JPEG", t.IMAGE_FORMAT_WEBP: "WEBP"}


def encode_preview(latents: Array, facts: ModelFacts, options: t.ImageOptions) -> tuple[bytes, int, int]:
    """Returns an encoded look at denoised latents (1, C, h, w), its width and its height.

    At the picture's size, or smaller where that is over 512 pixels a side.
    """
    picture = pil.fromarray(preview(latents, facts.latent_to_rgb))
    scale = min(facts.latent_scale, _LARGEST_SIDE / max(picture.size))
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), pil.Resampling.BICUBIC)
    return _encoded(picture, options), picture.width, picture.height


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
