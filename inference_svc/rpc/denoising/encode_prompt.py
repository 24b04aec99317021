"""EncodePrompt: from words to what a model takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from inference_svc.pipelines.conditioning import Conditioning
from inference_svc.pipelines.reading import Prompt, PromptRun
from inference_svc.pipelines.sources import encoded, longest_text
from inference_svc.prompts import CHUNK_LENGTH
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.conditioning import conditioning_message
from inference_svc.rpc.conversion.limits import LONGEST_PROMPT
from inference_svc.rpc.conversion.parts import checked_parts
from inference_svc.rpc.conversion.settings import DEFAULT_STEPS, MOST_STEPS
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.calls import Work, only_report
from inference_svc.rpc.denoising.reading import check_count, lacking, naming, prompt_run
from inference_svc.sampling import SAMPLERS
from inference_svc.work import BatchKey, Compute, Kind, Pipeline, Report
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as d

_MOST_NUMBERS = 2**24
"""In all contexts of an answer: 64 MiB of float32, what a message may have."""


async def encode_prompt(
    bench: Bench, request: d.EncodePromptRequest, remaining_s: float | None
) -> d.EncodePromptResponse:
    """Returns one conditioning for each prompt. Raises InvalidArgument and what the engine raises."""
    with bench.model(request.model) as model:
        run = _run(request, model)
        warnings = await lacking(bench, () if request.negative else request.prompts)
        prompts = [Prompt(text, negative=request.negative) for text in request.prompts]
        key = BatchKey(Kind.ENCODE_PROMPT, model.facts.name, (CHUNK_LENGTH,))
        work = Work((partial(_encode, run, prompts),), len(prompts), key, bench.deadline(remaining_s))
        with naming(prompt="prompts"):
            done = (await only_report(bench.backend.engine, work)).event
        assert isinstance(done, _Encoded)
        _check_size(done.conditionings)
        return d.EncodePromptResponse(
            conditionings=[conditioning_message(each, model.facts) for each in done.conditionings],
            warnings=warnings,
            token_counts=done.token_counts,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    conditionings: list[Conditioning]
    token_counts: list[int]


def _encode(run: PromptRun, prompts: Sequence[Prompt]) -> Pipeline:
    conditionings = yield from encoded(run, prompts)
    counts = yield Compute(_counts, (run, prompts))
    yield Report(_Encoded(conditionings, counts))


def _check_size(conditionings: Sequence[Conditioning]) -> None:
    """Raises InvalidArgument. Segments share their contexts here; each has its own in a message."""
    segments = [segment for each in conditionings for part in each.parts for segment in part.segments]
    numbers = sum(math.prod(segment.context.shape) for segment in segments)
    if numbers > _MOST_NUMBERS:
        said = f"{len(segments)} contexts of {numbers} numbers"
        raise InvalidArgument.of("prompts", said, f"at most {_MOST_NUMBERS} numbers in an answer")


def _counts(run: PromptRun, prompts: Sequence[Prompt]) -> list[int]:
    return [longest_text(run, prompt) for prompt in prompts]


def _run(request: d.EncodePromptRequest, model: UsableModel) -> PromptRun:
    check_count(len(request.prompts), "prompts")
    violations, layers = Violations(), max(1, min(12, model.facts.hidden_layers))
    steps = request.steps if request.HasField("steps") else DEFAULT_STEPS
    clip_skip = request.clip_skip if request.HasField("clip_skip") else 1
    violations.whole("steps", steps, 1, MOST_STEPS)
    violations.whole("clip_skip", clip_skip, 1, layers)
    if request.sampler:
        violations.one_of("sampler", request.sampler, list(SAMPLERS))
    for index, prompt in enumerate(request.prompts):
        violations.text(f"prompts[{index}]", prompt, LONGEST_PROMPT)
    violations.check()
    for index, prompt in enumerate(() if request.negative else request.prompts):
        checked_parts(f"prompts[{index}]", prompt, violations)
    violations.check()
    return prompt_run(model, request.sampler, steps, clip_skip)
