"""DPM-Solver's single steps of order 1 to 3, and DPM fast, which divides a number of evaluations among them."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.paths import Path, PathRequest, sigma_path
from inference_svc.sampling.plan import Denoise, Prediction, SamplerState, SamplingPlan, Steps, Transition
from inference_svc.sampling.stochastic import ancestral, renoised

Estimates: TypeAlias = Generator[Denoise, Prediction, "tuple[Array, ...]"]


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """A step from x (1, C, H, W) at sigma to sigma_next, both more than 0. t = -log sigma, h = t_next - t."""

    x: Array
    sigma: float
    sigma_next: float

    @property
    def h(self) -> float:
        """The step in t."""
        return math.log(self.sigma / self.sigma_next)

    def level(self, share: float) -> float:
        """Returns the noise level after a share of the step, counted in t."""
        return self.sigma * math.exp(-share * self.h)

    def slope(self, x: Array, share: float) -> Generator[Denoise, Prediction, Array]:
        """Asks for the noise in x after a share of the step."""
        sigma = self.level(share)
        return (x - (yield Denoise(x, sigma)).denoised) / sigma

    def first(self, slope: Array, share: float = 1.0) -> Array:
        """Returns the first-order estimate after a share of the step."""
        return self.x - slope * (self.level(share) * math.expm1(share * self.h))


def order_1(leg: Leg) -> Estimates:
    """DPM-Solver-1. Source of all three: Lu et al. 2022, "DPM-Solver", algorithms 1 and 2."""
    slope = yield from leg.slope(leg.x, 0.0)
    return (leg.first(slope),)


def order_2(leg: Leg, r1: float = 1 / 2) -> Estimates:
    """DPM-Solver-2; two evaluations."""
    slope = yield from leg.slope(leg.x, 0.0)
    bend = (yield from leg.slope(leg.first(slope, r1), r1)) - slope
    return (_second(leg, slope, bend, r1),)


def order_3(leg: Leg) -> Estimates:
    """DPM-Solver-3, three evaluations; returns its estimate and that of order 2 by its first two."""
    h, r1, r2 = leg.h, 1 / 3, 2 / 3
    slope = yield from leg.slope(leg.x, 0.0)
    bend = (yield from leg.slope(leg.first(slope, r1), r1)) - slope
    u2 = leg.first(slope, r2) - bend * (leg.level(r2) * (r2 / r1) * (math.expm1(r2 * h) / (r2 * h) - 1))
    bend_2 = (yield from leg.slope(u2, r2)) - slope
    third = leg.first(slope) - bend_2 * (leg.sigma_next / r2 * (math.expm1(h) / h - 1))
    return third, _second(leg, slope, bend, r1)


def _second(leg: Leg, slope: Array, bend: Array, r1: float) -> Array:
    return leg.first(slope) - bend * (leg.sigma_next / (2 * r1) * math.expm1(leg.h))


_ORDERS = {1: order_1, 2: order_2, 3: order_3}


def lowered(plan: SamplingPlan, sigma: float, sigma_next: float) -> tuple[float, float]:
    """Returns the ancestral (down, up) of a step, down no lower than the path's end."""
    down, _ = ancestral(sigma, sigma_next, plan.eta)
    down = min(max(down, plan.noise.sigma_min), sigma_next)
    return down, math.sqrt(sigma_next**2 - down**2)


def dpm_fast(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DPM-Solver-fast, of the order that it has evaluations. x: (1, C, H, W).

    The path ends at its lowest level, not at 0, and what is there is decoded. One noise is taken each step, whatever
    eta. Source: Lu et al. 2022, "DPM-Solver", section 3.4, with k-diffusion's ancestral noise.
    """
    transition = plan.transitions[state.step]
    down, up = lowered(plan, transition.sigma, transition.sigma_next)
    order = transition.evaluations
    x, *_ = yield from _ORDERS[order](Leg(state.x, transition.sigma, down))
    x = renoised(plan, state, x, up * plan.options.s_noise)
    return state.advance(x, plan, evaluations=order, draws=1)


def dpm_fast_path(request: PathRequest) -> Path:
    """Divides the range evenly in log sigma into steps of order 3, the last ones lower, of `steps` evaluations in all.

    The scheduler is used for image to image alone, as A1111 does: there it gives the range.
    """
    low, high, count = solver_range(request)
    if not low < high:
        return Path(())
    orders = _orders(count)
    levels = [high ** (1 - index / len(orders)) * low ** (index / len(orders)) for index in range(len(orders) + 1)]
    transitions = tuple(
        Transition(sigma, sigma_next, request.model.sigma_to_t(sigma), evaluations=order)
        for (sigma, sigma_next), order in zip(pairwise(levels), orders, strict=True)
    )
    return Path(transitions, low, high)


def solver_range(request: PathRequest) -> tuple[float, float, int]:
    """Returns the lowest and highest level of the path, and how many steps were asked for; of none 0, 0, 0.

    That is the model's range, or, where part of a schedule is run, from its first level to its last but one.
    """
    if request.window.run is None:
        return request.model.sigma_min, request.model.sigma_max, request.window.length
    transitions = sigma_path(request).transitions
    if not transitions:
        return 0.0, 0.0, 0
    return transitions[-1].sigma, transitions[0].sigma, len(transitions)


def _orders(count: int) -> list[int]:
    """Returns the orders of the steps that make `count` evaluations."""
    threes, rest = divmod(count, 3)
    return [3] * threes + [rest] if rest else [3] * (threes - 1) + [2, 1]
