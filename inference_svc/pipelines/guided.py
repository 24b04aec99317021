"""Between a sampler, which wants a denoised picture, and a model, which evaluates rows."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from inference_svc.pipelines.conditioning import Conditioning
from inference_svc.pipelines.spec import GuidanceSettings
from inference_svc.sampling import Denoise, Prediction, SamplerState, SamplingPlan, find_sampler
from inference_svc.sampling.guidance import combine
from inference_svc.work import Array, Ask, DenoiseRow, Evaluate


@dataclass(slots=True, eq=False)
class Guided:
    """One picture's model with its prompts. `uncond` None: the negative prompt is never evaluated.

    `evaluations`: how many the whole run makes. `denoised` is the last prediction, for previews and for stopping.
    """

    model: str
    settings: GuidanceSettings
    cond: Conditioning
    uncond: Conditioning | None
    evaluations: int
    denoised: Array | None = None

    def step(self, plan: SamplingPlan, state: SamplerState) -> Generator[Ask, Any, SamplerState]:
        """Runs one step of the plan's sampler; returns the state after it."""
        steps = find_sampler(plan.sampler).step(plan, state)
        evaluation = state.evaluations
        try:
            ask = next(steps)
            while True:
                prediction = yield from self._predict(ask, evaluation)
                self.denoised = prediction.denoised
                evaluation += 1
                ask = steps.send(prediction)
        except StopIteration as end:
            advanced: SamplerState = end.value
            return advanced

    def _predict(self, ask: Denoise, evaluation: int) -> Generator[Ask, Any, Prediction]:
        conds = self.cond.at(evaluation)
        unconds = [] if self._skips_uncond(ask.sigma, evaluation) or self.uncond is None else self.uncond.at(evaluation)
        rows = tuple(DenoiseRow(self.model, ask.x, ask.sigma, context) for context, _ in [*conds, *unconds])
        results = yield Evaluate(rows)
        weighted = [(result, weight) for result, (_, weight) in zip(results, conds, strict=False)]
        if not unconds:
            return Prediction(self._without_uncond(weighted))
        return Prediction(combine(weighted, results[-1], self.settings.scale), results[-1])

    def _without_uncond(self, weighted: list[tuple[Array, float]]) -> Array:
        """Lets the first part stand in for the negative prompt, as A1111 does: of one part, that is its prediction."""
        first = weighted[0][0]
        return first if len(weighted) == 1 else combine(weighted, first, self.settings.scale)

    def _skips_uncond(self, sigma: float, evaluation: int) -> bool:
        settings = self.settings
        early = settings.skip_early > 0 and evaluation / self.evaluations <= settings.skip_early
        return early or (evaluation % 2 == 1 and sigma < settings.min_uncond_sigma)
