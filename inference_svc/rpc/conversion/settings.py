"""Sampling, guidance, noise and prompt settings: defaults filled in, every value checked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from inference_svc.rpc.conversion.limits import LARGEST_SIDE
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.sampling import (
    NOISE_SOURCES,
    SAMPLERS,
    SCHEDULERS,
    UNI_PC_SKIP_TYPES,
    UNI_PC_VARIANTS,
    SamplerOptions,
    SamplerSpec,
    ScheduleOptions,
    find_scheduler,
)
from inference_svc.sampling.checks import LARGEST_BETA_SHAPE
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

DEFAULT_SAMPLER = "Euler"
DEFAULT_STEPS = 20
DEFAULT_GUIDANCE = 7.0
DEFAULT_COMMA_BACKTRACK = 20
DEFAULT_BETA_SHAPE = ScheduleOptions().beta_alpha
MOST_STEPS = 150
_LARGEST_SIGMA = 1e6
_SEED_BITS = 32


def resolve_sampling(given: t.SamplerSettings, field: str, violations: Violations) -> t.SamplerSettings:
    """Returns the settings with every default filled in."""
    sampler = given.sampler or DEFAULT_SAMPLER
    violations.one_of(f"{field}.sampler", sampler, list(SAMPLERS))
    steps = given.steps if given.HasField("steps") else DEFAULT_STEPS
    eta = given.eta if given.HasField("eta") else _default_eta(sampler)
    s_noise = given.s_noise if given.HasField("s_noise") else 1.0
    beta_alpha = given.beta_alpha if given.HasField("beta_alpha") else DEFAULT_BETA_SHAPE
    beta_beta = given.beta_beta if given.HasField("beta_beta") else DEFAULT_BETA_SHAPE
    resolved = t.SamplerSettings(
        sampler=sampler,
        scheduler=_scheduler(given.scheduler, f"{field}.scheduler", violations),
        steps=violations.whole(f"{field}.steps", steps, 1, MOST_STEPS),
        eta=violations.number(f"{field}.eta", eta, 0, 1),
        s_noise=violations.number(f"{field}.s_noise", s_noise, 1e-6, 100),
        s_churn=violations.number(f"{field}.s_churn", given.s_churn, 0),
        s_tmin=violations.number(f"{field}.s_tmin", given.s_tmin, 0),
        s_tmax=violations.number(f"{field}.s_tmax", given.s_tmax, 0),
        sigma_min=violations.number(f"{field}.sigma_min", given.sigma_min, 0, _LARGEST_SIGMA),
        sigma_max=violations.number(f"{field}.sigma_max", given.sigma_max, 0, _LARGEST_SIGMA),
        rho=violations.number(f"{field}.rho", given.rho, 0, 100),
        sgm_noise_multiplier=given.sgm_noise_multiplier,
        uni_pc=resolve_uni_pc(given.uni_pc, f"{field}.uni_pc", violations),
        beta_alpha=_beta_shape(f"{field}.beta_alpha", beta_alpha, violations),
        beta_beta=_beta_shape(f"{field}.beta_beta", beta_beta, violations),
        old_karras_range=given.old_karras_range,
    )
    if given.HasField("discard_next_to_last_sigma"):
        resolved.discard_next_to_last_sigma = given.discard_next_to_last_sigma
    return resolved


def resolve_uni_pc(given: t.UniPcSettings, field: str, violations: Violations) -> t.UniPcSettings:
    """Returns the settings with every default filled in."""
    defaults = SamplerOptions()
    variant, skip_type = given.variant or defaults.uni_pc_variant, given.skip_type or defaults.uni_pc_skip_type
    order = given.order if given.HasField("order") else defaults.uni_pc_order
    lower = given.lower_order_final if given.HasField("lower_order_final") else defaults.uni_pc_lower_order_final
    return t.UniPcSettings(
        variant=violations.one_of(f"{field}.variant", variant, UNI_PC_VARIANTS),
        skip_type=violations.one_of(f"{field}.skip_type", skip_type, UNI_PC_SKIP_TYPES),
        order=violations.whole(f"{field}.order", order, 1, 3),
        lower_order_final=lower,
    )


def _beta_shape(field: str, value: float, violations: Violations) -> float:
    if not 0 < value <= LARGEST_BETA_SHAPE:
        violations.add(field, value, f"more than 0, to {LARGEST_BETA_SHAPE:g}")
    return value


def resolve_guidance(given: t.GuidanceSettings, field: str, violations: Violations) -> t.GuidanceSettings:
    """Returns the settings with every default filled in; image_scale stays unset where it was."""
    scale = given.scale if given.HasField("scale") else DEFAULT_GUIDANCE
    resolved = t.GuidanceSettings(
        scale=violations.number(f"{field}.scale", scale, 0, 100),
        min_uncond_sigma=violations.number(f"{field}.min_uncond_sigma", given.min_uncond_sigma, 0, _LARGEST_SIGMA),
        skip_early=violations.number(f"{field}.skip_early", given.skip_early, 0, 1),
    )
    if given.HasField("image_scale"):
        resolved.image_scale = violations.number(f"{field}.image_scale", given.image_scale, 0, 100)
    return resolved


def resolve_noise(
    given: t.NoiseSpec, field: str, violations: Violations, random_seed: Callable[[], int] | None = None
) -> t.NoiseSpec:
    """Returns the settings with every default filled in, seeds drawn where none was given."""
    draw = random_seed or _random_seed
    source = given.source or "nv"
    violations.one_of(f"{field}.source", source, list(NOISE_SOURCES))
    strength = violations.number(f"{field}.subseed_strength", given.subseed_strength, 0, 1)
    return t.NoiseSpec(
        source=source,
        seed=given.seed if given.HasField("seed") else draw(),
        subseed=given.subseed if given.HasField("subseed") or not strength else draw(),
        subseed_strength=strength,
        resize_from_width=_resize_from("width", given, field, violations),
        resize_from_height=_resize_from("height", given, field, violations),
        eta_noise_seed_delta=violations.whole(
            f"{field}.eta_noise_seed_delta", given.eta_noise_seed_delta, -(2**32), 2**32
        ),
        sigma_min=_unset(f"{field}.sigma_min", given.sigma_min, violations),
        sigma_max=_unset(f"{field}.sigma_max", given.sigma_max, violations),
    )


def resolve_prompts(given: g.PromptSettings, facts: ModelFacts, field: str, violations: Violations) -> g.PromptSettings:
    """Returns the settings with every default filled in."""
    clip_skip = given.clip_skip if given.HasField("clip_skip") else 1
    backtrack = given.comma_padding_backtrack if given.HasField("comma_padding_backtrack") else DEFAULT_COMMA_BACKTRACK
    emphasis = checked_enum(given.emphasis, g.EmphasisMode, f"{field}.emphasis", violations)
    return g.PromptSettings(
        emphasis=emphasis or g.EMPHASIS_MODE_ORIGINAL,
        clip_skip=violations.whole(f"{field}.clip_skip", clip_skip, 1, max(1, min(12, facts.hidden_layers))),
        comma_padding_backtrack=violations.whole(f"{field}.comma_padding_backtrack", backtrack, 0, 75),
        old_editing=given.old_editing,
        pad_uncond=given.pad_uncond,
    )


def checked_enum(value: int, enum: Any, field: str, violations: Violations) -> Any:
    """Checks that an enum's value is one that this server knows; numbers of later versions come through the wire."""
    if value not in enum.values():
        violations.add(field, value, ", ".join(enum.keys()[1:]))
    return value


def _scheduler(name: str, field: str, violations: Violations) -> str:
    try:
        return find_scheduler(name or "automatic").name
    except InvalidArgument:
        violations.add(field, name, ", ".join(SCHEDULERS))
        return name


def _default_eta(sampler: str) -> float:
    spec: SamplerSpec | None = SAMPLERS.get(sampler)
    return spec.default_eta if spec else 0.0


def _resize_from(side: str, given: t.NoiseSpec, field: str, violations: Violations) -> int:
    value = getattr(given, f"resize_from_{side}")
    if value < 0:  # A1111's clients say -1 for off
        violations.add(f"{field}.resize_from_{side}", value, f"0 (off) to {LARGEST_SIDE}")
    return violations.whole(f"{field}.resize_from_{side}", max(value, 0), 0, LARGEST_SIDE)


def _unset(field: str, value: float, violations: Violations) -> float:
    return violations.number(field, value, 0, _LARGEST_SIGMA)


def _random_seed() -> int:
    return secrets.randbits(_SEED_BITS)
