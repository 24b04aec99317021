"""DenoiseLatents: states from one step to another."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from inference_svc.engine import Reported
from inference_svc.pipelines.denoising import Span, StateReached, denoise
from inference_svc.rpc.conversion.ids import request_id_or_new
from inference_svc.rpc.conversion.latents import check_holds
from inference_svc.rpc.conversion.sampler_states import state_message
from inference_svc.rpc.conversion.settings import checked_enum
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.calls import Work, submitted
from inference_svc.rpc.denoising.following import Following
from inference_svc.rpc.denoising.reading import dressed, lacking, naming
from inference_svc.rpc.denoising.spans import read_spans, size_of
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import types_pb2 as t

_TYPES = (t.TENSOR_TYPE_UNSPECIFIED, t.TENSOR_TYPE_FLOAT32, t.TENSOR_TYPE_FLOAT16)


async def denoise_latents(
    bench: Bench, request: d.DenoiseLatentsRequest, remaining_s: float | None
) -> AsyncGenerator[d.DenoiseLatentsResponse, None]:
    """Yields the states that are asked for, as they are reached.

    Raises InvalidArgument, OutOfRange, FailedPrecondition, AlreadyExists and what the engine raises.
    """
    options = _options(request)
    bench.book.check_free(options.request_id)
    with bench.model(request.model) as model:
        spans = await bench.read(size_of(request), partial(read_spans, request, model))
        warnings = await lacking(bench, (prompt.text for prompt in request.prompts))
        work = _work(bench, options, spans, bench.deadline(remaining_s))
        following = Following.begun(bench, options.request_id, spans)
        with naming(prompt="prompts", sampler="plans.sampler"), _submitted(bench, work, following) as reports:
            async for reported in reports:
                yield _response(reported, options, warnings)
                warnings = []


@contextmanager
def _submitted(bench: Bench, work: Work, following: Following) -> Iterator[AsyncGenerator[Reported, None]]:
    with ExitStack() as stack:
        try:
            reports = stack.enter_context(submitted(bench.backend.engine, work, following.take))
        except BaseException:
            bench.book.discard(following.record)
            raise
        stack.enter_context(following.attached())
        yield reports


@dataclass(frozen=True, slots=True)
class _Options:
    request_id: str
    state_type: t.TensorType.ValueType


def _options(request: d.DenoiseLatentsRequest) -> _Options:
    violations = Violations()
    request_id = request_id_or_new(request.request_id, violations)
    checked_enum(request.yield_mode, d.YieldMode, "yield_mode", violations)
    if request.state_type not in _TYPES:
        names = ", ".join(map(t.TensorType.Name, _TYPES[1:]))
        violations.add("state_type", request.state_type, names)
    violations.check()
    return _Options(request_id, request.state_type or t.TENSOR_TYPE_FLOAT32)


def _work(bench: Bench, options: _Options, spans: Sequence[Span], deadline: float | None) -> Work:
    pipelines = tuple(partial(denoise, span, index) for index, span in enumerate(spans))
    return Work(
        pipelines=dressed(bench.backend, [span.prompt for span in spans], pipelines),
        evaluations=sum(span.rows for span in spans),
        key=spans[0].key,
        deadline=deadline,
        held_bytes=sum(span.state.x.nbytes * (1 + len(span.state.history)) for span in spans),
        request_id=options.request_id,
    )


def _response(reported: Reported, options: _Options, warnings: Sequence[str]) -> d.DenoiseLatentsResponse:
    reached = reported.event
    assert isinstance(reached, StateReached)
    check_holds(reached.state.x, options.state_type, "state_type")
    return d.DenoiseLatentsResponse(
        request_id=options.request_id,
        index=reached.index,
        state=state_message(reached.state, options.state_type),
        batch_rows=reported.batch_rows,
        warnings=warnings,
    )
