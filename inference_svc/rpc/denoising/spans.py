"""DenoiseLatentsRequest: what is to be done of which runs, everything checked."""

from __future__ import annotations

from inference_svc.pipelines.denoising import Span, needs_negative
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.latents import check_fits
from inference_svc.rpc.conversion.plans import read_plan
from inference_svc.rpc.conversion.prompts import read_negatives, read_sources
from inference_svc.rpc.conversion.sampler_states import read_state
from inference_svc.rpc.conversion.settings import DEFAULT_STEPS
from inference_svc.rpc.denoising.reading import check_count, elements, prompt_run, read_guidance
from inference_svc.sampling import SamplerState, SamplingPlan
from latentwire.errors import InvalidArgument, OutOfRange
from latentwire.v1 import denoising_service_pb2 as d

_ELEMENTS_A_TRANSITION = 2**10


def size_of(request: d.DenoiseLatentsRequest) -> int:
    """Returns about how much there is to read, in elements of tensors."""
    remembered = sum(elements([state.x]) * (1 + len(state.history)) for state in request.states)
    return remembered + _ELEMENTS_A_TRANSITION * sum(len(plan.transitions) for plan in request.plans)


def read_spans(request: d.DenoiseLatentsRequest, model: UsableModel) -> tuple[Span, ...]:
    """Returns what is to be done of each picture's run. Raises InvalidArgument, OutOfRange, FailedPrecondition."""
    count = check_count(len(request.plans), "plans")
    if len(request.states) != count:
        raise InvalidArgument.of("states", f"{len(request.states)} states", f"{count}, one for each plan")
    guidance = read_guidance(request.guidance, model.facts)
    prompts = read_sources(request.prompts, count, model.facts)
    negatives = read_negatives(request.negative_prompts, count, model.facts)
    spans = []
    for index, (prompt, negative) in enumerate(zip(prompts, negatives, strict=True)):
        plan, state = _run(request, model, index)
        steps = DEFAULT_STEPS if plan.chooses_steps else plan.step_count
        spans.append(
            Span(
                run=prompt_run(model, plan.sampler, steps),
                plan=plan,
                state=state,
                end_step=_end_step(request, plan, state),
                prompt=prompt,
                negative=negative if needs_negative(guidance, plan) else None,
                guidance=guidance,
                every_step=request.yield_mode == d.YIELD_MODE_EVERY_STEP,
            )
        )
    return tuple(spans)


def _run(request: d.DenoiseLatentsRequest, model: UsableModel, index: int) -> tuple[SamplingPlan, SamplerState]:
    plan = read_plan(request.plans[index], model.facts, f"plans[{index}]")
    state = read_state(request.states[index], plan, f"states[{index}]", f"plans[{index}]")
    check_fits(tuple(state.x.shape), model.facts, f"states[{index}].x.shape")
    return plan, state


def _end_step(request: d.DenoiseLatentsRequest, plan: SamplingPlan, state: SamplerState) -> int:
    """The step to end before, from where the state stands."""
    begin, last = state.step, plan.step_count
    if request.HasField("begin_step") and request.begin_step != begin:
        raise OutOfRange(f"begin_step: {request.begin_step} is not allowed; allowed: {begin}, where the state stands")
    end = request.end_step if request.HasField("end_step") else last
    if not begin <= end <= last:
        raise OutOfRange(f"end_step: {end} is not allowed; allowed: {begin} to {last}, the plan's end")
    return end
