"""PrepareLatents: from seeds and settings to plans and first states. No model is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial

from inference_svc.pipelines import SamplingSettings
from inference_svc.rpc.conversion.latents import check_sides, latents_message, read_latents
from inference_svc.rpc.conversion.limits import LARGEST_SIDE
from inference_svc.rpc.conversion.plans import noise_message, noise_of, plan_message, read_mask
from inference_svc.rpc.conversion.sampler_states import state_message
from inference_svc.rpc.conversion.settings import resolve_noise, resolve_sampling
from inference_svc.rpc.conversion.spec import sampling_settings
from inference_svc.rpc.conversion.tensors import Values
from inference_svc.rpc.conversion.violations import Violations, under
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.reading import check_count, elements
from inference_svc.sampling import ModelSigmas, NoiseSpec, SamplingPlan, first_state, make_plan
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import types_pb2 as t

_DEFAULT_STRENGTH = 0.75
_AT_ONCE = 2**15


async def prepare_latents(bench: Bench, request: d.PrepareLatentsRequest) -> d.PrepareLatentsResponse:
    """Returns a plan and the state before the first step for each picture. Raises InvalidArgument, QueueFull."""
    check_count(len(request.noises), "noises")
    with bench.model(request.model) as model:
        prepare = partial(_prepared, request, model.facts)
        return await bench.read(_size_of(request, model.facts), prepare, _AT_ONCE)


def _size_of(request: d.PrepareLatentsRequest, facts: ModelFacts) -> int:
    """About how many elements are drawn and read. What is asked for is not checked yet: too large, nothing is drawn."""
    scale, sent = facts.latent_scale, elements([request.init_latents])
    resized_from = [side for n in request.noises for side in (n.resize_from_width, n.resize_from_height)]
    if max(request.width, request.height, *resized_from) > LARGEST_SIDE:
        return sent
    width, height = (max(side, facts.native_size) // scale for side in (request.width, request.height))
    resized = sum(2 * abs(n.resize_from_width * n.resize_from_height) // scale**2 for n in request.noises)
    return facts.latent_channels * (width * height * len(request.noises) + resized) + sent


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """What all pictures start from: latents (1 or pictures, C, h, w), or noise alone."""

    settings: SamplingSettings
    latents: Values | None
    mask: Values | None
    strength: float | None
    exact_steps: bool

    def latents_of(self, index: int) -> Values | None:
        if self.latents is None:
            return None
        index %= len(self.latents)
        return self.latents[index : index + 1]


def _prepared(request: d.PrepareLatentsRequest, facts: ModelFacts) -> d.PrepareLatentsResponse:
    violations = Violations()
    resolved = resolve_sampling(request.sampling, "sampling", violations)
    noises = [resolve_noise(noise, f"noises[{index}]", violations) for index, noise in enumerate(request.noises)]
    violations.check()
    start = _start(request, facts, sampling_settings(resolved))
    shape = _shape(request, facts, start.latents)
    response = d.PrepareLatentsResponse(warnings=_warnings(request))
    common, message = _from_noise(start.settings, facts) if start.latents is None else _from_latents(start, facts)
    low, high = common.noise.sigma_min, common.noise.sigma_max
    for index, resolved_noise in enumerate(noises):
        noise = replace(noise_of(resolved_noise, facts.latent_scale), sigma_min=low, sigma_max=high)
        plan = replace(common, noise=noise, init_latents=start.latents_of(index))
        sent = response.plans.add()
        sent.CopyFrom(message)
        sent.noise.CopyFrom(noise_message(noise, facts.latent_scale))
        if plan.init_latents is not None:
            sent.init_latents.CopyFrom(latents_message(plan.init_latents))
        response.states.append(state_message(first_state(plan, shape)))
    return response


@lru_cache(maxsize=16)
def _from_noise(settings: SamplingSettings, facts: ModelFacts) -> tuple[SamplingPlan, t.SamplingPlan]:
    """Plans a run that starts from nothing else, which most do, with the settings of many: not to be written to."""
    return _from_latents(_Start(settings, None, None, None, exact_steps=False), facts)


def _from_latents(start: _Start, facts: ModelFacts) -> tuple[SamplingPlan, t.SamplingPlan]:
    """Returns what the plans of all pictures have in common, and its message, without noise and latents."""
    settings = start.settings
    with under("sampling", denoising_strength="strength", init_latents="init_latents", mask="mask"):
        plan = make_plan(
            sampler=settings.sampler,
            steps=settings.steps,
            model=_sigmas(facts.alphas_cumprod, facts.family),
            noise=NoiseSpec(),
            scheduler=settings.scheduler,
            options=settings.options,
            schedule=settings.schedule,
            denoising_strength=start.strength,
            fix_steps=start.exact_steps,
            init_latents=start.latents_of(0),
            mask=start.mask,
        )
    return plan, plan_message(replace(plan, init_latents=None), facts)


@lru_cache(maxsize=8)
def _sigmas(alphas_cumprod: tuple[float, ...], family: str) -> ModelSigmas:
    """A table of a thousand levels, and their logarithms once they have been asked for: most of what a plan costs."""
    return ModelSigmas.from_alphas_cumprod(alphas_cumprod, family)


def _shape(request: d.PrepareLatentsRequest, facts: ModelFacts, latents: Values | None) -> tuple[int, int, int]:
    """(C, h, w): that of the latents to start from, or of the size asked for."""
    scale = facts.latent_scale
    usual = (facts.native_size,) * 2 if latents is None else tuple(side * scale for side in latents.shape[2:])
    width = request.width if request.HasField("width") else usual[1]
    height = request.height if request.HasField("height") else usual[0]
    check_sides(width, height, facts)
    shape = (facts.latent_channels, height // scale, width // scale)
    if latents is not None and latents.shape[1:] != shape:
        raise InvalidArgument.of("init_latents.shape", latents.shape, f"latents of {width}x{height} pixels, {shape}")
    return shape


def _start(request: d.PrepareLatentsRequest, facts: ModelFacts, settings: SamplingSettings) -> _Start:
    if not request.HasField("init_latents"):
        for field in ("strength", "mask"):
            if request.HasField(field):
                raise InvalidArgument.of(field, "set", "only with init_latents")
        return _Start(settings, None, None, None, exact_steps=False)
    latents, count = read_latents(request.init_latents, facts, "init_latents"), len(request.noises)
    if len(latents) not in {1, count}:
        raise InvalidArgument.of("init_latents.shape", latents.shape, f"1 or {count} of them, one for each picture")
    mask = read_mask(request.mask, "mask") if request.HasField("mask") else None
    strength = request.strength if request.HasField("strength") else _DEFAULT_STRENGTH
    violations = Violations()
    violations.number("strength", strength, 0, 1)
    violations.check()
    return _Start(settings, latents, mask, strength, request.exact_steps)


def _warnings(request: d.PrepareLatentsRequest) -> list[str]:
    if request.exact_steps and not request.HasField("init_latents"):
        return ["exact_steps has no effect: there are no init_latents"]
    return []
