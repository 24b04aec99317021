"""Between a sampler, which wants a denoised picture, and a model, which evaluates rows."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from inference_svc.pipelines.blending import blended
from inference_svc.pipelines.conditioning import Conditioning
from inference_svc.pipelines.refining import Refiner
from inference_svc.pipelines.spec import GuidanceSettings
from inference_svc.sampling import Denoise, Prediction, SamplerState, SamplingPlan, find_sampler, noise_ahead
from inference_svc.sampling.guidance import combine
from inference_svc.work import Array, Ask, Compute, DenoiseRow, Evaluate


@dataclass(slots=True, eq=False)
class Guided:
    """One picture's model with its prompts. `uncond` None: the negative prompt is never evaluated.

    `evaluations`: how many the whole run makes. `denoised` is the last prediction, for previews and for stopping;
    `model_used`: who made it. What the plan's mask keeps is put back into each prediction, for some samplers into x.
    """

    model: str
    settings: GuidanceSettings
    cond: Conditioning
    uncond: Conditioning | None
    evaluations: int
    denoised: Array | None = None
    refiner: Refiner | None = None
    model_used: str = ""
    tiling: bool = False

    def __post_init__(self) -> None:
        self.model_used = self.model_used or self.model

    @property
    def refined(self) -> bool:
        """Whether the refiner has taken over."""
        return self.refiner is not None and self.model_used == self.refiner.model

    def go_on(self, denoised: Array | None, *, refined: bool) -> None:
        """Stands where another run of the same picture stood: its last prediction, and who made it."""
        self.denoised = denoised
        if refined and self.refiner is not None:
            self._refine(self.refiner)

    def step(self, plan: SamplingPlan, state: SamplerState) -> Generator[Ask, Any, SamplerState]:
        """Runs one step of the plan's sampler; returns the state after it."""
        if (noise := noise_ahead(plan, state)) is not None:
            yield Compute(noise)
        steps = find_sampler(plan.sampler).step(plan, state)
        evaluation = state.evaluations
        try:
            ask = next(steps)
            while True:
                prediction = yield from self._kept(plan, state, ask, evaluation)
                evaluation += 1
                ask = steps.send(prediction)
        except StopIteration as end:
            advanced: SamplerState = end.value
            return advanced

    def _kept(
        self, plan: SamplingPlan, state: SamplerState, ask: Denoise, evaluation: int
    ) -> Generator[Ask, Any, Prediction]:
        """Predicts, and keeps what the mask keeps, in what is predicted or in what it is predicted from.

        In the second case x is the sampler's own again afterwards, and the noise found in it is the model's.
        """
        spec = find_sampler(plan.sampler)
        self._choose(plan, state, ask.sigma)
        scale = self.settings.scale / spec.guidance_divisor
        if plan.mask is None or not spec.blends_input:
            prediction = yield from self._predict(ask, evaluation, scale)
            self.denoised = blended(plan, prediction.denoised)
            return Prediction(self.denoised, prediction.uncond)
        x = blended(plan, ask.x, math.sqrt(1 + ask.sigma**2))
        prediction = yield from self._predict(Denoise(x, ask.sigma), evaluation, scale)
        self.denoised, shift = prediction.denoised, ask.x - x
        uncond = None if prediction.uncond is None else prediction.uncond + shift
        return Prediction(prediction.denoised + shift, uncond)

    def _choose(self, plan: SamplingPlan, state: SamplerState, sigma: float) -> None:
        """Lets the refiner take over when its time has come."""
        if self.refiner and not self.refined and self.refiner.acts(plan, state, sigma):
            self._refine(self.refiner)

    def _refine(self, refiner: Refiner) -> None:
        self.model_used, self.cond, self.uncond = refiner.model, refiner.cond, refiner.uncond
        self.tiling = refiner.tiling

    def _predict(self, ask: Denoise, evaluation: int, scale: float) -> Generator[Ask, Any, Prediction]:
        conds = self.cond.at(evaluation)
        unconds = [] if self._skips_uncond(ask.sigma, evaluation) or self.uncond is None else self.uncond.at(evaluation)
        rows = tuple(
            DenoiseRow(self.model_used, ask.x, ask.sigma, context, tiling=self.tiling)
            for context, _ in [*conds, *unconds]
        )
        results = yield Evaluate(rows)
        weighted = [(result, weight) for result, (_, weight) in zip(results, conds, strict=False)]
        if not unconds:
            return Prediction(self._without_uncond(weighted, scale))
        return Prediction(combine(weighted, results[-1], scale), results[-1])

    def _without_uncond(self, weighted: list[tuple[Array, float]], scale: float) -> Array:
        """Lets the first part stand in for the negative prompt, as A1111 does: of one part, that is its prediction."""
        first = weighted[0][0]
        return first if len(weighted) == 1 else combine(weighted, first, scale)

    def _skips_uncond(self, sigma: float, evaluation: int) -> bool:
        settings = self.settings
        early = settings.skip_early > 0 and evaluation / self.evaluations <= settings.skip_early
        return early or (evaluation % 2 == 1 and sigma < settings.min_uncond_sigma)
