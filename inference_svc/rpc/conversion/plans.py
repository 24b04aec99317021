"""Plans of sampling runs, as messages and back: checked whole, so that a sampler can follow what comes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from inference_svc.rpc.conversion.latents import latents_message, read_floats
from inference_svc.rpc.conversion.seeds import signed, unsigned
from inference_svc.rpc.conversion.settings import resolve_noise, resolve_uni_pc
from inference_svc.rpc.conversion.spec import noise_spec
from inference_svc.rpc.conversion.tensors import Values
from inference_svc.rpc.conversion.violations import Violations, under
from inference_svc.sampling import (
    NoiseSpec,
    SamplerOptions,
    SamplingPlan,
    Transition,
    check_plan,
    find_sampler,
    find_scheduler,
)
from inference_svc.sampling.checks import MOST_TRANSITIONS
from inference_svc.work import Array, ModelFacts
from latentwire.errors import FailedPrecondition, InvalidArgument
from latentwire.v1 import types_pb2 as t

_NUMBERS = ("eta", "s_churn", "s_tmin", "s_tmax", "s_noise")
_WIDENED = "sgm_noise_multiplier"
_REMEMBERED_TRANSITIONS = 200
_REMEMBERED_BYTES = 2**16


def plan_message(plan: SamplingPlan, facts: ModelFacts) -> t.SamplingPlan:
    """Returns a plan, made for a model, as a message."""
    options = plan.options
    return t.SamplingPlan(
        sampler=plan.sampler,
        scheduler=plan.scheduler,
        transitions=map(_transition_message, plan.transitions),
        noise=noise_message(plan.noise, facts.latent_scale),
        options={_WIDENED: float(options.sgm_noise_multiplier)} | {name: _number(options, name) for name in _NUMBERS},
        init_latents=_tensor(plan.init_latents),
        mask=_tensor(plan.mask),
        model_digest=facts.digest,
        uni_pc=t.UniPcSettings(
            variant=options.uni_pc_variant,
            skip_type=options.uni_pc_skip_type,
            order=options.uni_pc_order,
            lower_order_final=options.uni_pc_lower_order_final,
        ),
    )


def read_plan(message: t.SamplingPlan, facts: ModelFacts, field: str) -> SamplingPlan:
    """Returns the plan of a message.

    Raises InvalidArgument, which names what is below `field`, and FailedPrecondition (MODEL_MISMATCH) for a plan that
    was made for another model.
    """
    check_digest(message.model_digest, facts, f"{field}.model_digest")
    if len(message.transitions) > MOST_TRANSITIONS:
        raise InvalidArgument.of(f"{field}.transitions", len(message.transitions), f"at most {MOST_TRANSITIONS}")
    with under(field):
        if _is_small(message):
            return _remembered(message.SerializeToString(deterministic=True), facts.latent_scale)
        return _read(message, facts.latent_scale)


def _is_small(message: t.SamplingPlan) -> bool:
    pictures = message.HasField("init_latents") or message.HasField("mask")
    few = len(message.transitions) <= _REMEMBERED_TRANSITIONS
    # A message also keeps fields that nobody here knows.
    return few and not pictures and message.ByteSize() <= _REMEMBERED_BYTES


@lru_cache(maxsize=64)
def _remembered(data: bytes, latent_scale: int) -> SamplingPlan:
    """Reads a plan: it comes with every step of its run, and reading it would be most of what a step costs."""
    return _read(t.SamplingPlan.FromString(data), latent_scale)


def _read(message: t.SamplingPlan, latent_scale: int) -> SamplingPlan:
    init = read_floats(message.init_latents, "init_latents") if message.HasField("init_latents") else None
    plan = SamplingPlan(
        sampler=message.sampler,
        options=_options(message),
        transitions=tuple(map(_transition, message.transitions)),
        noise=read_noise(message.noise, latent_scale, "noise"),
        init_latents=init,
        mask=read_mask(message.mask, "mask") if message.HasField("mask") else None,
        scheduler=find_scheduler(message.scheduler or "automatic").name,
    )
    check_plan(plan)
    return plan


def check_digest(digest: str, facts: ModelFacts, field: str) -> None:
    """Raises FailedPrecondition where something was made for another model; empty: made by the client."""
    if digest and digest != facts.digest:
        message = f"{field}: made for another model than {facts.name}, whose digest is {facts.digest}"
        raise FailedPrecondition(message, reason="MODEL_MISMATCH", metadata={"field": field, "model": facts.name})


def noise_message(noise: NoiseSpec, latent_scale: int) -> t.NoiseSpec:
    """Returns where noise comes from as a message; sizes in pixels."""
    height, width = noise.resize_from or (0, 0)
    return t.NoiseSpec(
        source=noise.source,
        seed=signed(noise.seed),
        subseed=signed(noise.subseed),
        subseed_strength=noise.subseed_strength,
        resize_from_width=width * latent_scale,
        resize_from_height=height * latent_scale,
        eta_noise_seed_delta=noise.ensd,
        sigma_min=noise.sigma_min,
        sigma_max=noise.sigma_max,
    )


def read_noise(message: t.NoiseSpec, latent_scale: int, field: str) -> NoiseSpec:
    """Returns the noise that a message means, whose seeds must be given. Raises InvalidArgument."""
    violations = Violations()
    resolved = resolve_noise(message, field, violations)
    for seed, needed in (("seed", True), ("subseed", message.subseed_strength != 0)):
        if needed and not message.HasField(seed):  # type: ignore[arg-type]  # a name of the descriptor
            violations.add(f"{field}.{seed}", None, "a seed: a plan says the one that was drawn")
    violations.check()
    return noise_of(resolved, latent_scale)


def noise_of(resolved: t.NoiseSpec, latent_scale: int) -> NoiseSpec:
    """Returns where noise comes from; sizes in latent cells."""
    spec = noise_spec(resolved, (unsigned(resolved.seed), unsigned(resolved.subseed)), latent_scale)
    return replace(spec, sigma_min=resolved.sigma_min, sigma_max=resolved.sigma_max)


def read_mask(tensor: t.Tensor, field: str) -> Values:
    """Returns a mask (1, 1, h, w) of 0 to 1, float32. Raises InvalidArgument."""
    mask = read_floats(tensor, field)
    if mask.shape[:2] != (1, 1):
        raise InvalidArgument.of(f"{field}.shape", mask.shape, "a shape (1, 1, h, w)")
    if mask.min() < 0 or mask.max() > 1:
        raise InvalidArgument.of(f"{field}.data", f"{mask.min()} to {mask.max()}", "0 to 1")
    return mask


def _transition_message(transition: Transition) -> t.Transition:
    return t.Transition(
        sigma=transition.sigma,
        sigma_next=transition.sigma_next,
        timestep=transition.timestep,
        renoise=transition.renoise,
        evaluations=transition.evaluations,
        model_sigma=transition.model_sigma,
    )


def _transition(message: t.Transition) -> Transition:
    return Transition(
        message.sigma,
        message.sigma_next,
        message.timestep,
        message.renoise,
        message.evaluations,
        message.model_sigma,
    )


def _options(message: t.SamplingPlan) -> SamplerOptions:
    given: Mapping[str, float] = dict(message.options)  # a map field's own get() knows no presence
    violations, defaults = Violations(), SamplerOptions(eta=find_sampler(message.sampler).default_eta)
    for name in given.keys() - {*_NUMBERS, _WIDENED}:
        violations.add(f'options["{name[:64]}"]', given[name], ", ".join((*_NUMBERS, _WIDENED)))
    numbers = {
        name: violations.number(f'options["{name}"]', given.get(name, _number(defaults, name)), 0) for name in _NUMBERS
    }
    widened = violations.one_of(f'options["{_WIDENED}"]', given.get(_WIDENED, 0.0), (0.0, 1.0))
    uni_pc = resolve_uni_pc(message.uni_pc, "uni_pc", violations)
    violations.check()
    return SamplerOptions(
        **numbers,
        sgm_noise_multiplier=widened == 1.0,
        uni_pc_variant=uni_pc.variant,
        uni_pc_skip_type=uni_pc.skip_type,
        uni_pc_order=uni_pc.order,
        uni_pc_lower_order_final=uni_pc.lower_order_final,
    )


def _number(options: SamplerOptions, name: str) -> float:
    return float(getattr(options, name) or 0.0)


def _tensor(values: Array | None) -> t.Tensor | None:
    return None if values is None else latents_message(values)
