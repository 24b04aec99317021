"""Between latents and pixels, and no more."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from inference_svc.pipelines.beside import encodes_at_once
from inference_svc.pipelines.images import encode_image
from inference_svc.pipelines.latent_scaling import bilinear, rescaled
from inference_svc.pipelines.pixels import Pixels
from inference_svc.pipelines.reports import PictureReady
from inference_svc.pipelines.resizing import encodable, fitted, flattened
from inference_svc.pipelines.spec import GenerationSpec, InitSettings, OutputOptions
from inference_svc.sampling.noise import NoiseSpec, draw
from inference_svc.work import Array, Ask, Compute, DecodeRow, EncodeImageRow, Evaluate, Pipeline, Report

_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class LatentsReady:
    """An encoded picture: (1, C, h, w)."""

    latents: Array


def decode(model: str, latents: Array, output: OutputOptions, index: int) -> Pipeline:
    """Turns latents (1, C, h, w) into a file, and reports PictureReady."""
    (pixels,) = yield Evaluate((DecodeRow(model, latents),))
    data = yield from _file(pixels, output)
    yield Report(PictureReady(index, 0, 0, pixels, data, output.format, infotext=""))


def encode(spec: GenerationSpec, init: InitSettings, pixels: Pixels, noise: NoiseSpec | None = None) -> Pipeline:
    """Fits pixels (H, W, 3 or 4) to the size of `spec`, white behind them, encodes them, and reports LatentsReady.

    With `noise` the latents are drawn from the encoder's distribution, else they are its mean.
    """
    values, drawn = yield Compute(_values, (spec, init, pixels, noise))
    (latents,) = yield Evaluate((EncodeImageRow(spec.facts.name, values, noise=drawn),))
    if tuple(latents.shape[1:]) != spec.latent_shape:
        latents = yield Compute(rescaled, (latents, *spec.latent_shape[1:], bilinear))
    yield Report(LatentsReady(latents))


def _file(pixels: Pixels, output: OutputOptions) -> Generator[Ask, Any, bytes]:
    if encodes_at_once(pixels, output):
        return encode_image(pixels, output)
    data: bytes = yield Compute(encode_image, (pixels, output))
    return data


def _values(
    spec: GenerationSpec, init: InitSettings, pixels: Pixels, noise: NoiseSpec | None
) -> tuple[Array, Array | None]:
    """What the encoder takes, and the noise that its latents are drawn with."""
    values, scale = encodable(fitted(spec, init, flattened(pixels, _WHITE))), spec.facts.latent_scale
    if noise is None:
        return values, None
    shape = (spec.facts.latent_channels, values.shape[2] // scale, values.shape[3] // scale)
    return values, draw(noise, 0, shape)[None]
