"""Generations cut off at a resume point and gone on with."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import Made, asked


def _picture(mask: bool = False) -> t.Image:
    values = np.random.default_rng(5).integers(0, 256, (72, 96, 3), np.uint8)
    if mask:
        values[:], values[16:56, 24:72] = 0, 255
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return t.Image(data=file.getvalue())


def _from_picture(**fields: Any) -> g.GenerateImageRequest:
    init = g.InitImage(images=[_picture()], strength=0.9, color_correction=True, noise_multiplier=0.9)
    return asked(**{"steps": 3, "init": init, **fields})


_MASKED = g.Inpaint(mask=_picture(mask=True), return_mask=True, return_composite=True)
_PART = g.Inpaint(mask=_picture(mask=True), only_masked=True, fill=g.MASK_FILL_LATENT_NOISE)
_DDIM = t.SamplerSettings(sampler="DDIM", steps=4)
_ANCESTRAL = t.SamplerSettings(sampler="Euler a", steps=3)
_VARIED = t.NoiseSpec(seed=7, subseed=3, subseed_strength=0.4, eta_noise_seed_delta=31)

PIPELINES: Mapping[str, g.GenerateImageRequest] = MappingProxyType(
    {
        "from words": asked(steps=3, prompt="a [red:blue:0.5] hat AND a house :0.5", negative_prompt="dull"),
        "varied": asked(sampling=_ANCESTRAL, noise=_VARIED),
        "from a picture": _from_picture(),
        "a part": _from_picture(inpaint=_MASKED),
        "a part alone, by timesteps": _from_picture(inpaint=_PART, sampling=_DDIM),
        "hires": asked(steps=2, hires=g.HiresPass(scale=1.5, steps=3, sampling=_ANCESTRAL)),
        "hires by pixels": asked(steps=2, hires=g.HiresPass(scale=1.5, steps=2, upscaler="Lanczos")),
        "hires of no steps": asked(steps=2, hires=g.HiresPass(scale=1.5, strength=0.0)),
        "batches": asked(steps=2, batch_size=2, batch_count=2, picture_prompts=["a", "b", "c", "d"]),
        "jpeg": asked(output=t.ImageOptions(format=t.IMAGE_FORMAT_JPEG, quality=60)),
    }
)
"""Small requests for every way to make pictures."""


def pointed(request: g.GenerateImageRequest, every: int = 1) -> g.GenerateImageRequest:
    """The request, with points asked for."""
    asked = g.GenerateImageRequest()
    asked.CopyFrom(request)
    asked.events.resume_every = every
    return asked


def points(made: Made) -> list[t.ResumePoint]:
    """The points of a stream, in order."""
    return [event.progress.resume_point for event in made.events if event.progress.HasField("resume_point")]


def resumed(request: g.GenerateImageRequest, point: t.ResumePoint, **events: Any) -> g.GenerateImageRequest:
    """The request, gone on with from a point that has been a message in between."""
    again = g.GenerateImageRequest()
    again.CopyFrom(request)
    again.request_id = ""
    again.events.CopyFrom(g.EventOptions(**events))
    again.resume_from.ParseFromString(point.SerializeToString())
    return again


def files(made: Made) -> dict[tuple[int, int], tuple[bytes, str]]:
    """Bytes and infotext of every picture, by index and kind."""
    return {(picture.index, picture.kind): (picture.data, picture.infotext) for picture in made.pictures}


def delivered(point: t.ResumePoint) -> set[int]:
    """Indices of the pictures that a point says were sent."""
    return {picture.index for picture in point.pictures if picture.stage == t.PICTURE_STAGE_DELIVERED}


def slowest_step(point: t.ResumePoint) -> int:
    """Of the pictures that are not delivered: those of a batch need not stand at the same step."""
    return min(picture.state.step for picture in point.pictures if picture.HasField("state"))
