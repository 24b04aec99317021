"""Restart sampling: down the schedule, and through a part of it again."""

from __future__ import annotations

import math
from itertools import pairwise

from inference_svc.sampling.heun import heun_step
from inference_svc.sampling.paths import Path, PathRequest, sigma_path
from inference_svc.sampling.plan import SamplerState, SamplingPlan, Steps, Transition
from inference_svc.sampling.stochastic import renoised

_RHO = 7.0
_RESTART_LOW, _RESTART_HIGH = 0.1, 2.0
_FEWEST_STEPS, _FEWEST_FOR_TWO = 20, 36


def restart(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One Heun transition, after noise where the path goes up. x: (1, C, H, W).

    Source: Xu et al. 2023, "Restart sampling for improving generative processes", algorithm 1.
    """
    transition = plan.transitions[state.step]
    x = renoised(plan, state, state.x, transition.renoise)
    x = yield from heun_step(x, transition.sigma, transition.sigma_next)
    calls = 1 + (transition.sigma_next > 0)
    return state.advance(x, plan, evaluations=calls, draws=int(transition.renoise > 0))


def restart_path(request: PathRequest) -> Path:
    """Walks the scheduler's sigmas, from 20 steps on with a part of them spent on restarts, as A1111 divides them.

    Then 9 of the steps, or from 36 on twice a quarter of them, lead from the level nearest 2 to the level nearest 0.1
    again; the rest of the schedule and the restarts are Karras's spacing, between the scheduler's ends.
    """
    path = sigma_path(request)
    levels = _levels(path)
    if len(levels) <= _FEWEST_STEPS:
        return path
    transitions = tuple(
        Transition(sigma, sigma_next, request.model.sigma_to_t(sigma), renoise)
        for sigma, sigma_next, renoise in _with_restarts(levels)
    )
    return Path(transitions, path.sigma_min, path.sigma_max)


def _levels(path: Path) -> list[float]:
    return [step.sigma for step in path.transitions] + [step.sigma_next for step in path.transitions[-1:]]


def _with_restarts(levels: list[float]) -> list[tuple[float, float, float]]:
    """Returns (sigma, sigma_next, renoise) of every step."""
    steps = len(levels) - 1
    length, count = (9, 1) if steps < _FEWEST_FOR_TWO else (steps // 4, 2)
    main = [*_karras(steps - length * count, levels[-2], levels[0]), 0.0]
    low, high = _nearest(main, _RESTART_LOW), _nearest(main, _RESTART_HIGH)
    walks = [main]
    if high < low:
        again = _karras(length + 1, main[low], main[high])
        walks = [main[: low + 1], *[again] * count, main[low:]]
    return _joined(walks)


def _joined(walks: list[list[float]]) -> list[tuple[float, float, float]]:
    steps, reached = [], walks[0][0]
    for walk in walks:
        for sigma, sigma_next in pairwise(walk):
            steps.append((sigma, sigma_next, math.sqrt(max(sigma**2 - reached**2, 0.0))))
            reached = sigma_next
    return steps


def _karras(count: int, low: float, high: float) -> list[float]:
    """Returns `count` levels from high to low. Source: Karras et al. 2022, equation 5."""
    start, end = high ** (1 / _RHO), low ** (1 / _RHO)
    inner = [(start + index / (count - 1) * (end - start)) ** _RHO for index in range(1, count - 1)]
    return [high, *inner, low]


def _nearest(levels: list[float], target: float) -> int:
    return min(range(len(levels)), key=lambda index: abs(levels[index] - target))
