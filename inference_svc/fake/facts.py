"""What the fake model says of itself."""

from __future__ import annotations

import hashlib

import numpy as np

from inference_svc.fake.runner import CHANNELS, CONTEXT_WIDTH, SCALE, UPSCALE, to_rgb
from inference_svc.work import ModelFacts, UpscalerFacts

MODEL = "fake"
FAKE_UPSCALER = UpscalerFacts("Fake 2x", UPSCALE, MODEL)
_DIGEST = hashlib.sha256(b"latentwire fake model, version 1").hexdigest()


def fake_facts() -> ModelFacts:
    """Returns the facts of the one model that the fake has."""
    return ModelFacts(
        name=MODEL,
        family="fake",
        digest=_DIGEST,
        sha256=_DIGEST,
        path=MODEL,
        runner="fake",
        prediction_type="epsilon",
        alphas_cumprod=_alphas_cumprod(),
        latent_channels=CHANNELS,
        latent_scale=SCALE,
        context_width=CONTEXT_WIDTH,
        hidden_layers=12,
        native_size=64,
        size_multiple=SCALE,
        min_size=64,
        max_size=2048,
        max_pixels=2048 * 2048,
        per_row_timestep=True,
        memory_bytes=0,
        recommended_guidance=7.0,
        recommended_steps=20,
        draws_latents=True,
        latent_to_rgb=tuple(tuple(map(float, row)) for row in to_rgb()),
    )


def _alphas_cumprod() -> tuple[float, ...]:
    """Stable Diffusion's schedule: betas linear in their square root."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    return tuple(np.cumprod(1 - betas).tolist())
