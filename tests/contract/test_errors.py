"""Every error of the table over the wire, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
import pytest_asyncio

from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.fake.runner import Misbehaviour
from inference_svc.rpc.catalogue import Catalogue, LoadProgress, ModelEntry
from inference_svc.rpc.server import Listening
from latentwire.errors import (
    ERRORS,
    FieldViolation,
    Internal,
    InvalidArgument,
    LatentwireError,
    NotFound,
    OutOfMemory,
    PayloadTooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import model_service_pb2_grpc as mg
from tests.contract.engines import SAYS, StartServer
from tests.contract.serving import Serving, asked, failure, make, serving

_BY_NAME = {kind.__name__: kind for kind in ERRORS}


class _Raising:
    """A catalogue with a model for each error, and one for a defect: to load or free it raises that."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)

    def entries(self) -> list[ModelEntry]:
        odd = [ModelEntry(name, name, "", "available", is_default=False) for name in ("", *_BY_NAME)]
        return [*self._catalogue.entries(), *odd]

    async def unload(self, name: str) -> None:
        raise _error(name)

    async def load(self, name: str, *, make_default: bool) -> AsyncIterator[LoadProgress]:
        yield LoadProgress(0.5, "half way")
        raise _error(name)


def _error(name: str) -> Exception:
    kind = _BY_NAME.get(name)
    if kind is None:
        return RuntimeError("a secret of the server")
    return kind(
        "it went wrong",
        reason="ODD" if kind is not Internal else None,
        violations=[FieldViolation("field", "is wrong")],
        retry_after_s=1.5,
        metadata={"state": "odd"},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def raising(start_server: StartServer) -> AsyncIterator[Serving]:
    """A server that raises what it is asked to raise."""
    async with start_server(change=lambda backend: replace(backend, catalogue=_Raising(backend.catalogue))) as running:
        yield running


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if kind is not Internal])
async def test_an_error_arrives_as_it_was_raised(raising: Serving, kind: type[LatentwireError]) -> None:
    call = mg.ModelServiceStub(raising.channel).UnloadModel(m.UnloadModelRequest(name=kind.__name__))
    error = await failure(call)
    assert await call.code() == grpc.StatusCode[kind.code]
    assert (error.code, error.message, error.reason, error.retry_after_s) == (kind.code, "it went wrong", "ODD", 1.5)
    assert (error.violations, dict(error.metadata)) == ((FieldViolation("field", "is wrong"),), {"state": "odd"})


async def test_an_error_of_a_stream_arrives_too(raising: Serving) -> None:
    call = mg.ModelServiceStub(raising.channel).LoadModel(m.LoadModelRequest(name="NotFound"))
    error = await failure(call)
    assert (type(error), error.message) == (NotFound, "it went wrong")


@pytest.mark.parametrize("name", ["", "Internal"])
async def test_a_defect_is_logged_with_its_traceback_and_answered_without(
    raising: Serving, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        error = await failure(mg.ModelServiceStub(raising.channel).UnloadModel(m.UnloadModelRequest(name=name)))
    assert isinstance(error, Internal)
    assert "secret" not in error.message
    assert "went wrong" not in error.message
    assert "Traceback" in caplog.text


async def test_an_error_says_who_made_it(raising: Serving, engine: str) -> None:
    call = mg.ModelServiceStub(raising.channel).UnloadModel(m.UnloadModelRequest(name="NotFound"))
    await failure(call)
    assert dict(await call.initial_metadata() or ())["x-latentwire-engine"] == SAYS[engine]
    assert dict(await call.trailing_metadata() or ())["x-latentwire-engine"] == SAYS[engine]


async def test_an_unknown_method_is_unimplemented(raising: Serving) -> None:
    paint: Any = raising.channel.unary_unary("/latentwire.v1.GenerationService/Paint")
    error = await failure(paint(b""))
    assert isinstance(error, Unimplemented)
    assert "Paint" in error.message


async def test_calls_of_unknown_methods_are_counted_together(raising: Serving) -> None:
    calls, counts = ("latentwire_rpc_calls_total", {"method": "unknown", "code": "UNIMPLEMENTED"}), []
    for name in ("Paint", "Draw", "Sing"):
        paint: Any = raising.channel.unary_unary(f"/of.nobody/{name}")
        await failure(paint(b""))
        counts.append(raising.server._metrics.registry.get_sample_value(*calls) or 0)
    assert [count - counts[0] for count in counts] == [0, 1, 2]


async def test_an_unknown_model_is_an_invalid_field(grpc_server: Serving) -> None:
    error = await failure(grpc_server.generation.GenerateImage(asked(model="nobody")))
    assert (type(error), error.reason) == (InvalidArgument, "MODEL_NOT_FOUND")
    assert [violation.field for violation in error.violations] == ["model"]


async def test_a_message_over_the_limit_is_told_apart_from_a_full_queue(grpc_server: Serving) -> None:
    request = asked(prompt="x" * (65 * 2**20))
    assert isinstance(await failure(grpc_server.generation.GenerateImage(request)), PayloadTooLarge)


async def test_a_failing_step_fails_its_request_alone(fake_server: Serving) -> None:
    error = await failure(fake_server.generation.GenerateImage(asked("broken", prompt="fake:fail=2", steps=3)))
    assert isinstance(error, Internal)
    assert (await make(fake_server.generation, asked())).kinds[-1] == "completed"


async def test_a_device_without_memory_is_out_of_memory() -> None:
    backend = fake_backend(FakeOptions(device=Misbehaviour(out_of_memory=True)))
    async with serving(backend) as running:
        error = await failure(running.generation.GenerateImage(asked()))
        assert (type(error), error.retry_after_s) == (OutOfMemory, None)


async def test_a_model_that_is_loading_is_unavailable_for_now() -> None:
    async with serving(fake_backend(FakeOptions(load_time_s=60))) as running:
        error = await failure(running.generation.GenerateImage(asked()))
        assert (type(error), error.reason, error.retry_after_s) == (Unavailable, "MODEL_LOADING", 1.0)


async def test_a_draining_server_is_unavailable_for_now(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_server() as running:
        running.backend.engine.drain()
        error = await failure(running.generation.GenerateImage(asked("refused")))
        assert (type(error), error.reason) == (Unavailable, "DRAINING")
        assert list(running.server.book) == []


async def test_calls_need_the_token_where_there_is_one(start_server: StartServer) -> None:
    async with start_server(listening=Listening(token="s3cret")) as running:
        request = g.ListGenerationsRequest()
        for metadata in ((), (("authorization", "Bearer wrong"),), (("authorization", "s3cret"),)):
            error = await failure(running.generation.ListGenerations(request, metadata=metadata))
            assert isinstance(error, Unauthenticated)
        right = (("authorization", "Bearer s3cret"),)
        assert not (await running.generation.ListGenerations(request, metadata=right)).generations
