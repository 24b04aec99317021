"""From a picture and words to a picture."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from inference_svc.pipelines.passes import deliver, prepare, sample
from inference_svc.pipelines.resizing import fitted, resized_latents
from inference_svc.pipelines.spec import GenerationSpec, InitSettings, PictureSpec, ResizeMode
from inference_svc.sampling import SamplerState, SamplingPlan, find_sampler, first_state
from inference_svc.sampling.arrays import like
from inference_svc.sampling.noise import draw
from inference_svc.work import Array, Ask, Compute, EncodeImageRow, Evaluate, Pipeline


def image_to_image(spec: GenerationSpec, picture: PictureSpec, index: int, plan: SamplingPlan) -> Pipeline:
    """Makes one picture from `picture.init`; a plan of no steps gives back what was encoded."""
    init = spec.init or InitSettings()
    latents = yield from encode_init(spec, init, picture)
    plan = replace(plan, init_latents=latents)
    state = yield Compute(noised_state, (plan, init, latents))
    if not state.done:
        guided = yield from prepare(spec, picture, plan)
        latents = yield from sample(index, plan, state, guided)
    yield from deliver(spec, picture, index, latents)


def encode_init(spec: GenerationSpec, init: InitSettings, picture: PictureSpec) -> Generator[Ask, Any, Array]:
    """Fits and encodes the picture's init; returns latents (1, C, h, w)."""
    pixels = yield Compute(fitted, (spec, init, picture.init))
    (latents,) = yield Evaluate((EncodeImageRow(spec.facts.name, pixels),))
    if init.resize_mode is ResizeMode.LATENT:
        latents = yield Compute(resized_latents, (latents, *spec.latent_shape[1:]))
    return latents


def noised_state(plan: SamplingPlan, init: InitSettings, latents: Array) -> SamplerState:
    """Returns the first state from a plan's init latents, its noise scaled by noise_multiplier, extra_noise added."""
    shape = tuple(latents.shape[1:])
    state = first_state(plan, shape)
    if state.done or (init.noise_multiplier == 1 and init.extra_noise == 0):
        return state
    init_scale, noise_scale = find_sampler(plan.sampler).start(plan)
    amount = init.noise_multiplier * (noise_scale + init.extra_noise * _extra_scale(init_scale, noise_scale))
    noise = like(draw(plan.noise, 0, shape)[None], state.x)
    return replace(state, x=latents * init_scale + noise * amount)


def _extra_scale(init_scale: float, noise_scale: float) -> float:
    """A1111 adds the extra noise to x itself, for timestep samplers to x / sqrt(1 + sigma**2): those scale the init."""
    return 1.0 if init_scale == 1.0 else math.hypot(init_scale, noise_scale)
