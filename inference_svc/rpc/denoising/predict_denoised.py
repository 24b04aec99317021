"""PredictDenoised: one guided evaluation of each row."""

from __future__ import annotations

from functools import partial

from inference_svc.pipelines.predicting import Predicted, Question, Questions, predict
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.latents import latents_message, read_latents
from inference_svc.rpc.conversion.prompts import read_negatives, read_sources
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.calls import Work, only_report
from inference_svc.rpc.denoising.reading import (
    check_count,
    dressed,
    elements,
    lacking,
    naming,
    prompt_run,
    read_guidance,
)
from inference_svc.sampling.checks import LARGEST_SIGMA
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as d

_LAST_EVALUATION = 2**31 - 1


async def predict_denoised(
    bench: Bench, request: d.PredictDenoisedRequest, remaining_s: float | None
) -> d.PredictDenoisedResponse:
    """Returns the model's answers. Raises InvalidArgument, FailedPrecondition and what the engine raises."""
    with bench.model(request.model) as model:
        questions = await bench.read(elements([request.x]), partial(_read, request, model))
        warnings = await lacking(bench, (prompt.text for prompt in request.prompts))
        rows = questions.rows
        pipelines = dressed(bench.backend, [row.prompt for row in rows], (partial(predict, questions),))
        held_bytes = sum(row.x.nbytes for row in rows)
        work = Work(pipelines, questions.row_count, questions.key, bench.deadline(remaining_s), held_bytes)
        with naming(prompt="prompts"):
            reported = await only_report(bench.backend.engine, work)
    predicted = reported.event
    assert isinstance(predicted, Predicted)
    return d.PredictDenoisedResponse(
        denoised=latents_message(predicted.denoised),
        uncond=None if predicted.uncond is None else latents_message(predicted.uncond),
        batch_rows=reported.batch_rows,
        warnings=warnings,
    )


def _read(request: d.PredictDenoisedRequest, model: UsableModel) -> Questions:
    x = read_latents(request.x, model.facts, "x")
    count = check_count(len(x), "x.shape[0]")
    prompts = read_sources(request.prompts, count, model.facts)
    negatives = read_negatives(request.negative_prompts, count, model.facts)
    guidance, violations = read_guidance(request.guidance, model.facts), Violations()
    if guidance.skip_early:
        violations.add("guidance.skip_early", guidance.skip_early, "0: of one evaluation there is no first part")
    violations.whole("evaluation", request.evaluation, 0, _LAST_EVALUATION)
    violations.check()
    return Questions(
        run=prompt_run(model, ""),
        rows=tuple(
            Question(x[index : index + 1], sigma, prompts[index], negatives[index])
            for index, sigma in enumerate(_sigmas(request, count))
        ),
        guidance=guidance,
        evaluation=request.evaluation,
        uncond=request.return_uncond,
    )


def _sigmas(request: d.PredictDenoisedRequest, count: int) -> list[float]:
    sigmas = list(request.sigmas)
    if len(sigmas) not in {1, count}:
        raise InvalidArgument.of("sigmas", f"{len(sigmas)} sigmas", f"1, or {count}, one for each row")
    for index, sigma in enumerate(sigmas):
        if not 0 < sigma <= LARGEST_SIGMA:
            raise InvalidArgument.of(f"sigmas[{index}]", sigma, f"more than 0, to {LARGEST_SIGMA:g}")
    return sigmas * (count // len(sigmas))
