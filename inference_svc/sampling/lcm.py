"""Sampling of latent consistency models."""

from __future__ import annotations

import math
from dataclasses import replace

from inference_svc.sampling.model_sigmas import ModelSigmas
from inference_svc.sampling.paths import Path, PathRequest, sigma_path
from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import renoised

_TRAINED_STEPS = 50
_SIGMA_DATA = 0.5
_TIMESTEP_SCALE = 10.0


def lcm(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of multistep consistency sampling: what is predicted, with fresh noise up to sigma_next.

    The model is asked at the nearest timestep that such models are trained on, with an input of the same scale: what
    it says of the noise counts at sigma. Any model is taken for a consistency model, as A1111 does. x: (1, C, H, W).
    Source: Luo et al. 2023, "Latent consistency models", algorithm 3 and appendix C (skip and out).
    """
    transition = plan.transitions[state.step]
    sigma, asked = transition.sigma, transition.model_sigma or transition.sigma
    x_asked = state.x * math.sqrt((1 + asked**2) / (1 + sigma**2))
    noise = (x_asked - (yield Denoise(x_asked, asked)).denoised) / asked
    skip, out = _boundary(transition.timestep)
    denoised = (state.x - noise * sigma) * out + state.x * skip
    x = renoised(plan, state, denoised, transition.sigma_next)
    return state.advance(x, plan, draws=int(transition.sigma_next > 0))


def lcm_path(request: PathRequest) -> Path:
    """Walks the scheduler's sigmas over the part of the model's table that consistency models are trained on."""
    table = _trained(request.model)
    path = sigma_path(replace(request, model=table))
    return replace(
        path,
        transitions=tuple(
            replace(step, timestep=request.model.sigma_to_t(asked), model_sigma=asked)
            for step in path.transitions
            for asked in [_nearest(table, step.sigma)]
        ),
    )


def _trained(model: ModelSigmas) -> ModelSigmas:
    """Returns every 20th of a thousand levels, counted from the highest."""
    stride = max(len(model.sigmas) // _TRAINED_STEPS, 1)
    return ModelSigmas(model.sigmas[::-1][::stride][:_TRAINED_STEPS][::-1])


def _nearest(table: ModelSigmas, sigma: float) -> float:
    return min(table.sigmas, key=lambda level: abs(math.log(level / sigma)))


def _boundary(timestep: float) -> tuple[float, float]:
    """Returns how much of x and of the prediction make the consistency function: at timestep 0 it is x."""
    scaled = timestep * _TIMESTEP_SCALE
    length = math.hypot(scaled, _SIGMA_DATA)
    return (_SIGMA_DATA / length) ** 2, scaled / length
