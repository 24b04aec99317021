"""The samplers by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inference_svc.sampling import sigma_samplers, timestep_samplers
from inference_svc.sampling.schedules import find_scheduler
from inference_svc.sampling.spec import SamplerSpec
from latentwire.errors import InvalidArgument

__all__ = ["SAMPLERS", "SamplerSpec", "find_sampler", "resolve_scheduler"]

_ORDER = (
    "DPM++ 2M",
    "DPM++ SDE",
    "DPM++ 2M SDE",
    "DPM++ 2M SDE Heun",
    "DPM++ 2S a",
    "DPM++ 3M SDE",
    "Euler a",
    "Euler",
    "LMS",
    "Heun",
    "DPM2",
    "DPM2 a",
    "DPM fast",
    "DPM adaptive",
    "Restart",
    "DDIM",
    "DDIM CFG++",
    "PLMS",
    "UniPC",
    "LCM",
)
_SPECS = sorted((*sigma_samplers.SPECS, *timestep_samplers.SPECS), key=lambda spec: _ORDER.index(spec.name))

SAMPLERS: Mapping[str, SamplerSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Samplers by A1111's display name, in its order."""


def find_sampler(name: str) -> SamplerSpec:
    """Returns the sampler of exactly that name. Raises InvalidArgument."""
    if name not in SAMPLERS:
        raise InvalidArgument.of("sampler", name, ", ".join(SAMPLERS))
    return SAMPLERS[name]


def resolve_scheduler(name: str, sampler: SamplerSpec) -> str:
    """Returns the name of the schedule that `name` (a name, label or alias) means with this sampler."""
    found = find_scheduler(name).name
    return sampler.default_scheduler if found == "automatic" else found
