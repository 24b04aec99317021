"""The stochastic members of the DPM-Solver++ family, whose noise is a Brownian path (see brownian.py)."""

from __future__ import annotations

import math

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import ancestral, with_brownian


def dpmpp_sde(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DPM-Solver++(2S), Lu et al. 2022, algorithm 1, made stochastic; the one to 0 is first order.

    Both halves are ancestral: the one to the geometric mean of the levels, and the whole one by what is predicted
    there. x: (1, C, H, W). Source: k-diffusion.
    """
    sigma, sigma_next = plan.sigmas(state.step)
    denoised = (yield Denoise(state.x, sigma)).denoised
    if sigma_next == 0:
        return state.advance(denoised, plan)
    middle = math.sqrt(sigma * sigma_next)
    halfway = _towards(plan, state, denoised, middle)
    denoised = (yield Denoise(halfway, middle)).denoised
    return state.advance(_towards(plan, state, denoised, sigma_next), plan, evaluations=2)


def dpmpp_2m_sde(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of SDE-DPM-Solver++(2M), Lu et al. 2022, appendix A, by the midpoint rule; remembers one denoised.

    First order at the first step; the one to 0 takes the prediction. x: (1, C, H, W). Source: k-diffusion.
    """
    return _second_order(plan, state, heun=False)


def dpmpp_2m_sde_heun(plan: SamplingPlan, state: SamplerState) -> Steps:
    """The same as dpmpp_2m_sde by Heun's rule."""
    return _second_order(plan, state, heun=True)


def dpmpp_3m_sde(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of the third-order multistep SDE solver of k-diffusion; remembers two denoised.

    First and second order in the first two steps; the one to 0 takes the prediction. x: (1, C, H, W).
    """
    sigma, sigma_next = plan.sigmas(state.step)
    denoised = (yield Denoise(state.x, sigma)).denoised
    history = (*state.history, denoised)[-2:]
    if sigma_next == 0:
        return state.advance(denoised, plan, history=history)
    x = _first_order(plan, state, denoised)
    steps = [_log_step(plan, state.step - back) for back in range(len(state.history) + 1)]
    x = x + _correction(plan.eta, steps, [denoised, *reversed(state.history)])
    return state.advance(_with_noise(plan, state, x), plan, history=history)


def noise_levels(plan: SamplingPlan, step: int) -> tuple[float, ...]:
    """Returns the ends of a step, between which it takes noise; none on the way to 0, and without eta."""
    levels = plan.sigmas(step)
    return levels if plan.eta and levels[1] > 0 else ()


def noise_levels_of_halves(plan: SamplingPlan, step: int) -> tuple[float, ...]:
    """Returns the ends of a step and, between them, where dpmpp_sde predicts anew."""
    levels = noise_levels(plan, step)
    return (*levels, math.sqrt(levels[0] * levels[1])) if levels else ()


def _second_order(plan: SamplingPlan, state: SamplerState, *, heun: bool) -> Steps:
    sigma, sigma_next = plan.sigmas(state.step)
    denoised = (yield Denoise(state.x, sigma)).denoised
    if sigma_next == 0:
        return state.advance(denoised, plan, history=(denoised,))
    x = _first_order(plan, state, denoised)
    if state.history:
        h = _log_step(plan, state.step) * (1 + plan.eta)
        weight = math.expm1(-h) / h + 1 if heun else -math.expm1(-h) / 2
        ratio = _log_step(plan, state.step) / _log_step(plan, state.step - 1)
        x = x + (denoised - state.history[-1]) * (weight * ratio)
    return state.advance(_with_noise(plan, state, x), plan, history=(denoised,))


def _correction(eta: float, steps: list[float], predictions: list[Array]) -> Array:
    """Returns what the differences of up to three predictions add, newest first; of one alone 0."""
    if len(predictions) == 1:
        return 0.0
    h = steps[0] * (1 + eta)
    phi_2 = math.expm1(-h) / h + 1
    slope = (predictions[0] - predictions[1]) * (steps[0] / steps[1])
    if len(predictions) == 2:
        return slope * phi_2
    before, ratio = (predictions[1] - predictions[2]) * (steps[0] / steps[2]), steps[1] / (steps[1] + steps[2])
    bend = (slope - before) * (steps[0] / (steps[1] + steps[2]))
    return (slope + (slope - before) * ratio) * phi_2 - bend * (phi_2 / h - 0.5)


def _first_order(plan: SamplingPlan, state: SamplerState, denoised: Array) -> Array:
    sigma, sigma_next = plan.sigmas(state.step)
    kept = (sigma_next / sigma) ** (1 + plan.eta)
    return state.x * kept + denoised * (1 - kept)


def _with_noise(plan: SamplingPlan, state: SamplerState, x: Array) -> Array:
    levels = plan.sigmas(state.step)
    amount = math.sqrt(-math.expm1(-2 * plan.eta * _log_step(plan, state.step)))
    return with_brownian(plan, x, levels, levels[1] * amount * plan.options.s_noise)


def _towards(plan: SamplingPlan, state: SamplerState, denoised: Array, sigma_next: float) -> Array:
    """Returns x carried by a prediction to a level below sigma_next, then noise of the path up to it."""
    sigma = plan.sigmas(state.step)[0]
    down, up = ancestral(sigma, sigma_next, plan.eta)
    x = state.x * (down / sigma) + denoised * (1 - down / sigma)
    return with_brownian(plan, x, (sigma, sigma_next), up * plan.options.s_noise)


def _log_step(plan: SamplingPlan, step: int) -> float:
    sigma, sigma_next = plan.sigmas(step)
    return math.log(sigma / sigma_next)
