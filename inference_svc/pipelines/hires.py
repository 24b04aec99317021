"""The second, larger pass."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from PIL import Image

from inference_svc.pipelines.latent_scaling import LATENT_MODES, rescaled
from inference_svc.pipelines.noising import noised_state
from inference_svc.pipelines.passes import Pass, Sampled, sample
from inference_svc.pipelines.pixels import Pixels
from inference_svc.pipelines.resizing import encodable
from inference_svc.pipelines.resume import Standing
from inference_svc.pipelines.spec import HiresSettings, InitSettings
from inference_svc.pipelines.upscaling import UpscaleSpec, upscale
from inference_svc.work import Array, Ask, Compute, DecodeRow, EncodeImageRow, Evaluate, Stopped


def second_pass(hires: HiresSettings, run: Pass, first: Sampled) -> Generator[Ask, Any, Sampled]:
    """Enlarges the first pass' result and samples again.

    Stopped before its first prediction it gives back the first pass' result. `sample` goes on with one that has begun:
    nothing of the first pass acts on it any more.
    """
    try:
        latents = yield from enlarged(hires, first, tiling=run.spec.tiles)
        run = replace(run, plan=replace(run.plan, init_latents=latents))
        state = yield Compute(noised_state, (run.plan, run.spec.init or InitSettings(), latents))
        return (yield from sample(run, Standing(run.stage, state)))
    except Stopped:
        return replace(first, stopped=True)


def enlarged(hires: HiresSettings, first: Sampled, *, tiling: bool = False) -> Generator[Ask, Any, Array]:
    """Returns the latents to begin the second pass from."""
    scale = hires.model.facts.latent_scale
    (width, height), (cells, rows) = hires.cover, (side // scale for side in hires.size)
    if isinstance(hires.upscaler, str):
        mode = LATENT_MODES[hires.upscaler]
        latents = yield Compute(rescaled, (first.latents, height // scale, width // scale, mode))
    else:
        (pixels,) = yield Evaluate((DecodeRow(first.model, first.latents, first.tiling),))
        pixels = yield from upscale(UpscaleSpec(hires.upscaler, width, height), pixels)
        values = yield Compute(_encodable, (pixels,))
        (latents,) = yield Evaluate((EncodeImageRow(hires.model.facts.name, values, tiling),))
    return middle(latents, rows, cells)


def middle(latents: Array, rows: int, cells: int) -> Array:
    """Returns the middle of latents (1, C, h, w)."""
    top, left = (latents.shape[2] - rows) // 2, (latents.shape[3] - cells) // 2
    return latents[:, :, top : top + rows, left : left + cells]


def _encodable(pixels: Pixels) -> Array:
    return encodable(Image.fromarray(pixels))
