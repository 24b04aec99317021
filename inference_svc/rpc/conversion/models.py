"""What models, solvers and schedules look like in listings."""

from __future__ import annotations

import math

import numpy as np

from inference_svc.rpc.catalogue import ModelEntry
from inference_svc.rpc.conversion.tensors import to_tensor
from inference_svc.sampling import SamplerSpec, SchedulerSpec
from inference_svc.work import ModelFacts, UpscalerFacts
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import types_pb2 as t

_STATES = {
    "available": t.MODEL_STATE_AVAILABLE,
    "loading": t.MODEL_STATE_LOADING,
    "loaded": t.MODEL_STATE_LOADED,
    "failed": t.MODEL_STATE_FAILED,
}


def model_message(entry: ModelEntry, rpcs: tuple[str, ...]) -> t.Model:
    """Returns a model as it is listed; `rpcs` are those that work with it, "Service/Method"."""
    message = t.Model(
        name=entry.name,
        path=entry.path,
        family=entry.family,
        state=_STATES[entry.state],
        is_default=entry.is_default,
        error=entry.error,
    )
    if entry.facts is not None:
        _add_facts(message, entry.facts, rpcs)
    return message


def sampler_message(spec: SamplerSpec) -> m.Sampler:
    """Returns a solver as it is listed."""
    return m.Sampler(
        name=spec.name,
        aliases=spec.aliases,
        options=dict(spec.options),
        evaluations_per_step=spec.evaluations_per_step,
    )


def scheduler_message(spec: SchedulerSpec) -> m.NoiseScheduler:
    """Returns a noise schedule as it is listed."""
    return m.NoiseScheduler(
        name=spec.name,
        label=spec.label,
        aliases=spec.aliases,
        default_rho=spec.default_rho,
        need_inner_model=spec.need_inner_model,
    )


def upscaler_message(facts: UpscalerFacts) -> m.Upscaler:
    """Returns what makes pictures larger as it is listed; what can do any size says 4, as A1111 does."""
    return m.Upscaler(
        name=facts.name,
        kind=m.UPSCALER_KIND_IMAGE,
        scale=facts.scale or 4.0,
        model_name=facts.name if facts.path else "",
        model_path=facts.path,
    )


def _add_facts(message: t.Model, facts: ModelFacts, rpcs: tuple[str, ...]) -> None:
    message.sha256, message.digest, message.runner = facts.sha256, facts.digest, facts.runner
    message.path, message.family, message.memory_bytes = facts.path, facts.family, facts.memory_bytes
    message.capabilities.CopyFrom(_capabilities(facts, rpcs))


def _capabilities(facts: ModelFacts, rpcs: tuple[str, ...]) -> t.ModelCapabilities:
    low, high = _sigma(facts.alphas_cumprod[0]), _sigma(facts.alphas_cumprod[-1])
    capabilities = t.ModelCapabilities(
        rpcs=rpcs,
        size_multiple=facts.size_multiple,
        min_size=facts.min_size,
        max_size=facts.max_size,
        max_pixels=facts.max_pixels,
        native_size=facts.native_size,
        per_row_timestep=facts.per_row_timestep,
        context_width=facts.context_width,
        latent_channels=facts.latent_channels,
        latent_scale=facts.latent_scale,
        prediction_type=facts.prediction_type,
        sigma_min=low,
        sigma_max=high,
        recommended_guidance=facts.recommended_guidance,
        recommended_steps=facts.recommended_steps,
    )
    if facts.latent_to_rgb:
        capabilities.latent_to_rgb.CopyFrom(to_tensor(np.asarray(facts.latent_to_rgb, np.float32)))
    return capabilities


def _sigma(alpha_cumprod: float) -> float:
    return math.sqrt((1 - alpha_cumprod) / alpha_cumprod)
