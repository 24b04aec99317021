"""A part of one picture's sampling run, from a state to a state: no more is known of the picture."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from inference_svc.pipelines.blending import blended
from inference_svc.pipelines.guided import Guided
from inference_svc.pipelines.reading import PromptRun
from inference_svc.pipelines.sources import Source, encoded, rows_of
from inference_svc.pipelines.spec import GuidanceSettings
from inference_svc.sampling import SamplerState, SamplingPlan, evaluation_count, find_sampler
from inference_svc.work import Ask, BatchKey, Kind, Pipeline, Report, Stopped


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """What is to be done of a run: from `state` on, which stands at a step up to `end_step`, to that.

    `negative` None: it is never evaluated. `every_step`: each state is reported, not only the last.
    """

    run: PromptRun
    plan: SamplingPlan
    state: SamplerState
    end_step: int
    prompt: Source
    negative: Source | None
    guidance: GuidanceSettings
    every_step: bool = False

    @property
    def rows(self) -> int:
        """The most rows that it evaluates: at each model call one for the negative prompt and each of the prompt."""
        calls = evaluation_count(self.plan, self.state.step, self.end_step)
        return calls * (rows_of(self.prompt) + (self.negative is not None))

    @property
    def key(self) -> BatchKey:
        """What its evaluations are measured by."""
        return BatchKey(Kind.DENOISE, self.run.model, tuple(self.state.x.shape[1:]))

    def over(self, state: SamplerState) -> bool:
        """Whether nothing is left to do from a state on."""
        return state.done or state.step >= self.end_step


@dataclass(frozen=True, slots=True, eq=False)
class StateReached:
    """A state of picture `index`. One that is done holds the latents to decode, what a mask keeps put back."""

    index: int
    state: SamplerState


def needs_negative(guidance: GuidanceSettings, plan: SamplingPlan) -> bool:
    """Tells whether the negative prompt is evaluated: always by solvers that need it, else unless the scale is 1."""
    return guidance.scale != 1 or find_sampler(plan.sampler).guidance_divisor != 1


def denoise(span: Span, index: int) -> Pipeline:
    """Takes the steps and reports StateReached; one that is stopped reports the state that it has come to."""
    state = span.state
    try:
        if not span.over(state):
            guided = yield from _guided(span)
            while not span.over(state):
                state = _finished(span.plan, (yield from guided.step(span.plan, state)))
                if span.every_step:
                    yield Report(StateReached(index, state))
    except Stopped:
        pass
    if not span.every_step:
        yield Report(StateReached(index, state))


def _guided(span: Span) -> Generator[Ask, Any, Guided]:
    sources = [span.prompt] if span.negative is None else [span.prompt, span.negative]
    cond, *uncond = yield from encoded(span.run, sources)
    evaluations = evaluation_count(span.plan)
    return Guided(span.run.model, span.guidance, cond, next(iter(uncond), None), evaluations)


def _finished(plan: SamplingPlan, state: SamplerState) -> SamplerState:
    return replace(state, x=blended(plan, state.x)) if state.done else state
