"""How noise levels are spaced: one function for each schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_svc.sampling.beta_quantile import quantiles
from inference_svc.sampling.model_sigmas import ModelSigmas
from latentwire.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class SigmaRange:
    """What a schedule is made from: the model's table, the range to cover and, where the schedule has them, its shapes.

    `rho` is an exponent, `beta_alpha` and `beta_beta` are the beta distribution's.
    """

    model: ModelSigmas
    sigma_min: float
    sigma_max: float
    rho: float
    beta_alpha: float
    beta_beta: float


_ALIGNED: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "sd1": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
        "sdxl": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
    }
)


def uniform(count: int, limits: SigmaRange) -> list[float]:
    """Spaces timesteps evenly from the model's last to its first: the model's native spacing."""
    t_max = len(limits.model.sigmas) - 1
    return [limits.model.t_to_sigma(t_max * (1 - share)) for share in _ramp(count)]


def karras(count: int, limits: SigmaRange) -> list[float]:
    """Spaces sigma**(1/rho) evenly. Source: Karras et al. 2022, equation 5."""
    low, high = limits.sigma_min ** (1 / limits.rho), limits.sigma_max ** (1 / limits.rho)
    return [(high + share * (low - high)) ** limits.rho for share in _ramp(count)]


def exponential(count: int, limits: SigmaRange) -> list[float]:
    """Spaces log sigma evenly."""
    low, high = math.log(limits.sigma_min), math.log(limits.sigma_max)
    return [math.exp(high + share * (low - high)) for share in _ramp(count)]


def polyexponential(count: int, limits: SigmaRange) -> list[float]:
    """Spaces log sigma by a power, rho, of the way that is left. Source: k-diffusion."""
    low, high = math.log(limits.sigma_min), math.log(limits.sigma_max)
    return [math.exp((1 - share) ** limits.rho * (high - low) + low) for share in _ramp(count)]


def sgm_uniform(count: int, limits: SigmaRange) -> list[float]:
    """Spaces timesteps evenly over the range, its lowest level left out. Source: Stability's generative-models."""
    return normal(count + 1, limits)[:-1]


def kl_optimal(count: int, limits: SigmaRange) -> list[float]:
    """Spaces the arc tangent of sigma evenly, and goes on to the lowest level as its end: count + 1 levels.

    Source: Sabour et al. 2024, equation 6.
    """
    low, high = math.atan(limits.sigma_min), math.atan(limits.sigma_max)
    return [math.tan(share * low + (1 - share) * high) for share in _ramp(count + 1)]


def align_your_steps(count: int, limits: SigmaRange) -> list[float]:
    """Interpolates log sigma between eleven levels found for the model's family, SD1's for those without their own.

    Source: Sabour et al. 2024. A single step is from the highest of them.
    """
    levels = [math.log(sigma) for sigma in _ALIGNED.get(limits.model.family, _ALIGNED["sd1"])]
    return [math.exp(_between(levels, share * (len(levels) - 1))) for share in _ramp(count)]


def simple(count: int, limits: SigmaRange) -> list[float]:
    """Takes every so manieth of the model's own levels, from its highest."""
    sigmas = _table(count, limits)
    return [sigmas[-(1 + int(index * (len(sigmas) / count)))] for index in range(count)]


def normal(count: int, limits: SigmaRange) -> list[float]:
    """Spaces timesteps evenly over the range."""
    first, last = limits.model.sigma_to_t(limits.sigma_max), limits.model.sigma_to_t(limits.sigma_min)
    return [limits.model.t_to_sigma(first + share * (last - first)) for share in _ramp(count)]


def ddim(count: int, limits: SigmaRange) -> list[float]:
    """Takes every (length // count)-th of the model's own levels from its second: `count` of them or some more."""
    sigmas = _table(count, limits)
    return list(reversed(sigmas[1 :: len(sigmas) // count]))


def beta(count: int, limits: SigmaRange) -> list[float]:
    """Spaces quantiles of the beta distribution evenly. Source: Lee et al. 2024, "Beta sampling is all you need".

    No more levels are made than the model has: each takes its time.
    """
    _table(count, limits)
    low, high = limits.sigma_min, limits.sigma_max
    return [low + share * (high - low) for share in quantiles(count, limits.beta_alpha, limits.beta_beta)]


def _ramp(count: int) -> list[float]:
    """Returns `count` numbers evenly from 0 to 1; one alone is 0."""
    return [index / max(count - 1, 1) for index in range(count)]


def _between(values: list[float], place: float) -> float:
    low = min(int(place), len(values) - 2)
    return values[low] + (place - low) * (values[low + 1] - values[low])


def _table(count: int, limits: SigmaRange) -> tuple[float, ...]:
    sigmas = limits.model.sigmas
    if count > len(sigmas):
        raise InvalidArgument.of("steps", count, f"1 to {len(sigmas)}, counting the part that strength leaves out")
    return sigmas
