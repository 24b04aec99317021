"""UniPC."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.ddim import as_model_input
from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps

REMEMBERED = 3


def uni_pc(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of UniPC, Zhao et al. 2023, algorithms 5 and 6, predicting clean latents. x: (1, C, H, W).

    The prediction at a step's start corrects the step before, too, at no evaluation of its own. Remembers the last
    predictions, and after them where the last step came from. The paper's alphas cancel in x. The end is DDIM's.
    """
    denoised = (yield Denoise(state.x, plan.transitions[state.step].sigma)).denoised
    x, past = state.x, state.history[:-1]
    if state.step:
        x = _Step.of(plan, state.step - 1).corrected(state.history[-1], past, denoised)
    past = (*past, denoised)[-REMEMBERED:]
    x_next = _Step.of(plan, state.step).predicted(x, past)
    return state.advance(as_model_input(x_next, plan, state), plan, history=(*past, x))


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of order p: h in log sigma, B(h), and the earlier predictions' distances r_1 ... r_p-1 and 1."""

    h: float
    b_h: float
    distances: tuple[float, ...]

    @classmethod
    def of(cls, plan: SamplingPlan, step: int) -> _Step:
        sigma, sigma_next = plan.sigmas(step)
        h = math.log(sigma / sigma_next) if sigma_next else math.inf
        before = [plan.transitions[step - back].sigma for back in range(1, _order(plan, step))]
        distances = (*(math.log(sigma / past) / h for past in before), 1.0)
        return cls(h, -h if plan.options.uni_pc_variant == "bh1" else math.expm1(-h), distances)

    def predicted(self, x: Array, past: Sequence[Array]) -> Array:
        """Returns x at the step's end from the predictions up to its start."""
        order = len(self.distances)
        weights = [0.5] if order == 2 else self._weights(order - 1)
        return self._moved(x, past, weights)

    def corrected(self, x: Array, past: Sequence[Array], denoised: Array) -> Array:
        """Returns x at the step's end from its start, the predictions up to there, and the one at its end."""
        order = len(self.distances)
        *weights, last = [0.5] if order == 1 else self._weights(order)
        return self._moved(x, past, weights) - (denoised - past[-1]) * (self.b_h * last)

    def _moved(self, x: Array, past: Sequence[Array], weights: Sequence[float]) -> Array:
        first_order = x * math.exp(-self.h) - past[-1] * math.expm1(-self.h)
        for weight, distance, earlier in zip(weights, self.distances, reversed(past[:-1]), strict=False):
            first_order = first_order - (earlier - past[-1]) * (self.b_h * weight / distance)
        return first_order

    def _weights(self, count: int) -> list[float]:
        """Returns the weights of as many differences: the solution of the paper's R(h) a B(h) = phi(h)."""
        powers = np.vander(self.distances[:count], count, increasing=True).T
        weights: list[float] = np.linalg.solve(powers, self._phis(count)).tolist()
        return weights

    def _phis(self, count: int) -> list[float]:
        values, phi, factorial = [], math.expm1(-self.h) / -self.h - 1, 1
        for index in range(count):
            values.append(phi * factorial / self.b_h)
            factorial *= index + 2
            phi = phi / -self.h - 1 / factorial
        return values


def _order(plan: SamplingPlan, step: int) -> int:
    if plan.transitions[step].sigma_next == 0:
        return 1
    left = plan.step_count - step if plan.options.uni_pc_lower_order_final else plan.options.uni_pc_order
    return min(plan.options.uni_pc_order, step + 1, left)
