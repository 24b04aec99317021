"""What the pipelines are made of: from prompts to guidance, from a first state to latents, from latents to a file."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from inference_svc.pipelines.blending import blended
from inference_svc.pipelines.conditioning import Conditioning, encode_prompts
from inference_svc.pipelines.guided import Guided
from inference_svc.pipelines.refining import Refiner
from inference_svc.pipelines.reports import Stage, StepDone
from inference_svc.pipelines.resume import Standing
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.sampling import (
    ModelSigmas,
    SamplerState,
    SamplingPlan,
    evaluation_count,
    find_sampler,
    sigma_reached,
)
from inference_svc.work import Array, Ask, Report, Stopped


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One pass of one picture. `spec`: the pass' own (see `GenerationSpec.passes`). `plan`: the picture's own.

    `steps_before`: those of the passes before it, `steps_in_all`: of all `count` passes.
    """

    spec: GenerationSpec
    picture: PictureSpec
    index: int
    plan: SamplingPlan
    stage: Stage = Stage.FIRST_PASS
    steps_before: int = 0
    steps_in_all: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """What a pass ends with: latents (1, C, h, w), the model that made them, and whether their edges meet."""

    latents: Array
    model: str
    stopped: bool = False
    tiling: bool = False


def pass_of(spec: GenerationSpec, picture: PictureSpec, index: int, number: int = 0) -> Pass:
    """Returns pass `number` of a picture, from 0."""
    own = spec.passes[number]
    steps = [part.plan.step_count for part in spec.passes]
    return Pass(
        spec=own,
        picture=picture.in_second_pass() if number else picture,
        index=index,
        plan=own_plan(own, picture),
        stage=Stage.HIRES_PASS if number else Stage.FIRST_PASS,
        steps_before=sum(steps[:number]),
        steps_in_all=sum(steps),
        count=len(steps),
    )


def own_plan(spec: GenerationSpec, picture: PictureSpec) -> SamplingPlan:
    """Returns the plan of a pass with a picture's own noise."""
    plan = spec.plan
    noise = replace(picture.noise, sigma_min=plan.noise.sigma_min, sigma_max=plan.noise.sigma_max)
    return replace(plan, noise=noise)


def uses_negative(spec: GenerationSpec) -> bool:
    """Tells whether the negative prompt is evaluated: always by solvers that need it, else unless the scale is 1."""
    return spec.guidance.scale != 1 or find_sampler(spec.sampling.sampler).guidance_divisor != 1


def prepare(run: Pass) -> Generator[Ask, Any, Guided]:
    """Encodes the prompts, for the refiner too; the negative one only where it is evaluated."""
    spec, evaluations = run.spec, evaluation_count(run.plan)
    cond, uncond = yield from _encoded(run)
    refiner = yield from _refiner(run)
    return Guided(spec.facts.name, spec.guidance, cond, uncond, evaluations, refiner=refiner, tiling=spec.tiles)


def _refiner(run: Pass) -> Generator[Ask, Any, Refiner | None]:
    settings, spec = run.spec.acting_refiner, refined_spec(run.spec)
    if settings is None or spec is None:
        return None
    cond, uncond = yield from _encoded(replace(run, spec=spec))
    sigmas = ModelSigmas.from_alphas_cumprod(run.spec.facts.alphas_cumprod)
    return Refiner(spec.facts.name, cond, uncond, settings.switch_at, sigmas, spec.tiles)


def refined_spec(spec: GenerationSpec) -> GenerationSpec | None:
    """Returns a pass as its refiner runs it; None where there is none, or it is the model itself."""
    settings = spec.acting_refiner
    if settings is None or settings.model.facts.name == spec.facts.name:
        return None
    return replace(spec, facts=settings.model.facts, tokenizer=settings.model.tokenizer)


def _encoded(run: Pass) -> Generator[Ask, Any, tuple[Conditioning, Conditioning | None]]:
    picture = run.picture
    prompts = [picture.prompt, picture.negative_prompt] if uses_negative(run.spec) else [picture.prompt]
    cond, *uncond = yield from encode_prompts(run.spec, prompts)
    return cond, next(iter(uncond), None)


def sample(run: Pass, since: Standing) -> Generator[Ask, Any, Sampled]:
    """Runs a pass from where it stands on and reports every step; one that is done is given back.

    When it is stopped the latents are those of the last prediction; before the first one there is nothing, and
    `Stopped` goes on. What the plan's mask keeps is put back at the end.
    """
    state = since.state
    if state is None or state.done:
        return reached(run, since)
    try:
        guided = yield from prepare(run)
    except Stopped:
        if since.denoised is None:
            raise
        return reached(run, since, stopped=True)
    guided.go_on(since.denoised, refined=since.refined)
    try:
        state = yield from _steps(run, guided, state)
    except Stopped:
        if guided.denoised is None:
            raise
        return _sampled(run, guided.denoised, refined=guided.refined, stopped=True)
    return _sampled(run, state.x, refined=guided.refined)


def reached(run: Pass, since: Standing, *, stopped: bool = False) -> Sampled:
    """Returns what a pass has come to: its end, or, stopped before that, its last prediction."""
    state = since.state
    latents = state.x if state is not None and state.done else since.denoised
    return _sampled(run, latents, refined=since.refined, stopped=stopped)


def _sampled(run: Pass, latents: Array, *, refined: bool, stopped: bool = False) -> Sampled:
    own = (refined_spec(run.spec) if refined else None) or run.spec
    return Sampled(blended(run.plan, latents), own.facts.name, stopped=stopped, tiling=own.tiles)


def _steps(run: Pass, guided: Guided, state: SamplerState) -> Generator[Ask, Any, SamplerState]:
    while not state.done:
        state = yield from guided.step(run.plan, state)
        yield Report(_step_done(run, state, guided))
    return state


def _step_done(run: Pass, state: SamplerState, guided: Guided) -> StepDone:
    return StepDone(
        index=run.index,
        step=state.step,
        step_count=run.plan.step_count,
        sigma=sigma_reached(run.plan, state),
        stage=run.stage,
        state=state,
        denoised=guided.denoised,
        steps_before=run.steps_before,
        steps_in_all=run.steps_in_all,
        pass_count=run.count,
        refined=guided.refined,
    )
