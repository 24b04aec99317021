"""What every pipeline goes through: a sampling pass, and the way from latents to a file."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from inference_svc.pipelines.beside import encodes_at_once
from inference_svc.pipelines.conditioning import encode_prompts
from inference_svc.pipelines.guided import Guided
from inference_svc.pipelines.images import encode_image
from inference_svc.pipelines.reports import PictureReady, Stage, StepDone
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.sampling import SamplerState, SamplingPlan, find_sampler
from inference_svc.work import Array, Ask, Compute, DecodeRow, Evaluate, Report, Stopped


def evaluation_count(plan: SamplingPlan) -> int:
    """Returns how many evaluations a plan makes, at most, with one prompt."""
    return plan.step_count * find_sampler(plan.sampler).evaluations_per_step


def prepare(spec: GenerationSpec, picture: PictureSpec, plan: SamplingPlan) -> Generator[Ask, Any, Guided]:
    """Encodes the prompts; the negative one only where it is evaluated."""
    evaluations = evaluation_count(plan)
    prompts = [picture.prompt] if spec.guidance.scale == 1 else [picture.prompt, picture.negative_prompt]
    cond, *uncond = yield from encode_prompts(spec, prompts, evaluations)
    return Guided(spec.facts.name, spec.guidance, cond, next(iter(uncond), None), evaluations)


def sample(
    index: int, plan: SamplingPlan, state: SamplerState, guided: Guided, *, stage: Stage = Stage.FIRST_PASS
) -> Generator[Ask, Any, Array]:
    """Runs a pass and reports every step; returns the latents to decode.

    When it is stopped that is the last prediction; before the first one there is nothing, and `Stopped` goes on.
    """
    try:
        while not state.done:
            state = yield from guided.step(plan, state)
            sigma = plan.transitions[state.step - 1].sigma_next
            yield Report(StepDone(index, state.step, plan.step_count, sigma, stage, state, guided.denoised))
    except Stopped:
        if guided.denoised is None:
            raise
        return guided.denoised
    return state.x


def deliver(spec: GenerationSpec, picture: PictureSpec, index: int, latents: Array) -> Generator[Ask, Any, None]:
    """Decodes, encodes the file, and reports the picture. Goes through with it when stopped: there is no less to do."""
    (pixels,) = yield from _persist(Evaluate((DecodeRow(spec.facts.name, latents),)))
    if encodes_at_once(pixels, spec.output):
        data = encode_image(pixels, spec.output, picture.infotext)
    else:
        data = yield from _persist(Compute(encode_image, (pixels, spec.output, picture.infotext)))
    noise = picture.noise
    yield Report(PictureReady(index, noise.seed, noise.subseed, pixels, data, spec.output.format, picture.infotext))


def _persist(ask: Ask) -> Generator[Ask, Any, Any]:
    """Asks, and when stopped meanwhile asks again."""
    try:
        return (yield ask)
    except Stopped:
        return (yield ask)
