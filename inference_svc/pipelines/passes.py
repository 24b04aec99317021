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
    settings = run.spec.acting_refiner
    if settings is None or settings.model.facts.name == run.spec.facts.name:
        return None
    model = settings.model
    spec = replace(run.spec, facts=model.facts, tokenizer=model.tokenizer)
    cond, uncond = yield from _encoded(replace(run, spec=spec))
    sigmas = ModelSigmas.from_alphas_cumprod(run.spec.facts.alphas_cumprod)
    return Refiner(model.facts.name, cond, uncond, settings.switch_at, sigmas, spec.tiles)


def _encoded(run: Pass) -> Generator[Ask, Any, tuple[Conditioning, Conditioning | None]]:
    picture = run.picture
    prompts = [picture.prompt, picture.negative_prompt] if uses_negative(run.spec) else [picture.prompt]
    cond, *uncond = yield from encode_prompts(run.spec, prompts)
    return cond, next(iter(uncond), None)


def sample(run: Pass, state: SamplerState) -> Generator[Ask, Any, Sampled]:
    """Runs a pass from a state on and reports every step; a state that is done is given back.

    When it is stopped the latents are those of the last prediction; before the first one there is nothing, and
    `Stopped` goes on. What the plan's mask keeps is put back at the end.
    """
    if state.done:
        return Sampled(blended(run.plan, state.x), run.spec.facts.name, tiling=run.spec.tiles)
    guided = yield from prepare(run)
    try:
        state = yield from _steps(run, guided, state)
    except Stopped:
        if guided.denoised is None:
            raise
        return Sampled(blended(run.plan, guided.denoised), guided.model_used, stopped=True, tiling=guided.tiling)
    return Sampled(blended(run.plan, state.x), guided.model_used, tiling=guided.tiling)


def _steps(run: Pass, guided: Guided, state: SamplerState) -> Generator[Ask, Any, SamplerState]:
    while not state.done:
        state = yield from guided.step(run.plan, state)
        yield Report(_step_done(run, state, guided.denoised))
    return state


def _step_done(run: Pass, state: SamplerState, denoised: Array) -> StepDone:
    return StepDone(
        index=run.index,
        step=state.step,
        step_count=run.plan.step_count,
        sigma=sigma_reached(run.plan, state),
        stage=run.stage,
        state=state,
        denoised=denoised,
        steps_before=run.steps_before,
        steps_in_all=run.steps_in_all,
        pass_count=run.count,
    )
