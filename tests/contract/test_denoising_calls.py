"""Denoising calls among others: in the same batches, the same queue, ended by whatever ends a generation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from inference_svc.engine import EngineSettings
from inference_svc.rpc.conversion.limits import LARGEST_SIDE
from inference_svc.rpc.denoising.reading import MOST_PICTURES
from latentwire.errors import AlreadyExists, Cancelled, DeadlineExceeded, InvalidArgument, QueueFull, Unavailable
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.looping import denoised, denoising, predicted, prepared, preparing, stub
from tests.contract.serving import DEADLINES_S, PATIENCE_S, Serving, asked, failure, known, nothing_prepared, until


def waits(running: Serving, request_id: str) -> bool:
    """Whether a call waits to be begun; one that has ended is not known any more."""
    return known(running, request_id) and running.server.book.get(request_id).state == t.GENERATION_STATE_WAITING


def left(running: Serving) -> bool:
    """Whether nobody reads the call named "mine" any more: then its work is cancelled."""
    return not known(running, "mine") or not running.server.book.get("mine").readers


async def running_beside(
    gated: Serving, gate: Gate, request: d.DenoiseLatentsRequest
) -> list[d.DenoiseLatentsResponse]:
    """The answers of a call that is begun while a generation is at the gate."""
    generation = gated.generation.GenerateImage(asked("long", steps=150))
    await until(lambda: gate.begun == 1)
    call = stub(gated).DenoiseLatents(request, timeout=PATIENCE_S)
    await until(lambda: known(gated, request.request_id))
    while waits(gated, request.request_id):
        begun = gate.begun
        gate.let()
        await until(lambda begun=begun: gate.begun > begun)  # type: ignore[misc]  # a lambda with a default
    gate.open()
    answers = [answer async for answer in call]
    generation.cancel()
    return answers


async def test_its_rows_share_batches_with_a_running_generation(gated: Serving, gate: Gate) -> None:
    run = await prepared(gated)
    (shared,) = await running_beside(gated, gate, denoising(run, request_id="mine", end_step=1))
    assert shared.batch_rows == 4
    (alone,) = await denoised(gated, denoising(run, end_step=1))
    assert (alone.batch_rows, alone.state) == (2, shared.state)


async def test_rows_of_a_prediction_share_one_batch(grpc_server: Serving) -> None:
    run = await prepared(grpc_server)
    assert (await predicted(grpc_server, x=run.states[0].x, sigmas=[2.0])).batch_rows == 2


async def begun(gated: Serving, gate: Gate, **fields: object) -> object:
    """A call named "mine" whose first evaluation is at the gate."""
    run = await prepared(gated, "Euler", 50)
    call = stub(gated).DenoiseLatents(denoising(run, request_id="mine", **fields), timeout=PATIENCE_S)
    await until(lambda: gate.begun == 1)
    return call


async def ended(gated: Serving, gate: Gate) -> int:
    """The evaluations that were begun, once nothing runs any more."""
    gate.open()
    await until(lambda: gated.backend.engine.counts() == (0, 0) and not known(gated, "mine"))
    return gate.begun


async def test_it_is_listed_and_cancelled_by_its_id(gated: Serving, gate: Gate) -> None:
    call = await begun(gated, gate)
    await until(lambda: gated.server.book.get("mine").state == t.GENERATION_STATE_RUNNING)
    (listed,) = (await gated.generation.ListGenerations(g.ListGenerationsRequest())).generations
    assert (listed.request_id, listed.state, listed.image_count) == ("mine", t.GENERATION_STATE_RUNNING, 1)
    await gated.generation.CancelGeneration(g.CancelGenerationRequest(request_id="mine", reason="enough"))
    assert await ended(gated, gate) == 1
    error = await failure(call)
    assert (type(error), error.message) == (Cancelled, "cancelled: enough")


LARGE_NOISE = t.NoiseSpec(seed=1, resize_from_width=LARGEST_SIDE, resize_from_height=LARGEST_SIDE)


async def test_more_large_runs_than_may_wait_are_refused_at_once(start_server: StartServer) -> None:
    large = preparing(width=LARGEST_SIDE, height=LARGEST_SIDE, noises=[LARGE_NOISE] * MOST_PICTURES, strength=0.5)
    async with start_server() as running:
        with nothing_prepared(running):
            calls = [stub(running).PrepareLatents(large, timeout=PATIENCE_S) for _ in range(6)]
            endings = [asyncio.create_task(failure(call)) for call in calls]
            await until(lambda: sum(ending.done() for ending in endings) == 4)
            refused = [ending.result() for ending in endings if ending.done()]
            others = [ending for ending in endings if not ending.done()]
        read = await asyncio.gather(*others)
        assert len((await prepared(running)).plans) == 1
    assert [(type(each), each.reason, each.retry_after_s) for each in refused] == [(QueueFull, "QUEUE_FULL", 1.0)] * 4
    assert [type(each) for each in read] == [InvalidArgument] * 2


async def test_what_asks_for_more_than_anybody_gets_is_refused_though_nothing_is_prepared(
    start_server: StartServer,
) -> None:
    async with start_server() as running:
        with nothing_prepared(running):
            too_wide = [preparing(width=2**30), preparing(noises=[t.NoiseSpec(seed=1, resize_from_width=2**30)])]
            errors = [await failure(stub(running).PrepareLatents(each, timeout=PATIENCE_S)) for each in too_wide]
    fields = [violation.field for error in errors for violation in error.violations]
    assert fields == ["width", "noises[0].resize_from_width"]


async def test_it_ends_with_its_call(gated: Serving, gate: Gate) -> None:
    call = await begun(gated, gate)
    call.cancel()  # type: ignore[attr-defined]
    await until(lambda: left(gated))
    assert await ended(gated, gate) == 1


async def test_it_ends_with_its_deadline(start_server: StartServer) -> None:
    evaluations = []
    for timeout_s in DEADLINES_S:
        gate = Gate()
        async with start_server(around=gate.before) as running:
            request = denoising(await prepared(running, "Euler", 50), request_id="mine")
            assert isinstance(await failure(stub(running).DenoiseLatents(request, timeout=timeout_s)), DeadlineExceeded)
            await until(lambda running=running: left(running))  # type: ignore[misc]  # a lambda with a default
            in_time = gate.begun == 1
            evaluations.append(await ended(running, gate))
        if in_time:
            break
    assert (in_time, evaluations[-1]) == (True, 1)


async def test_one_that_is_stopped_returns_the_state_that_it_has_come_to(gated: Serving, gate: Gate) -> None:
    call = await begun(gated, gate)
    gate.let()
    await until(lambda: gate.begun == 2)
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="mine"))
    gate.open()
    (answer,) = [answer async for answer in call]  # type: ignore[attr-defined]
    assert not answer.state.done
    run = await prepared(gated, "Euler", 50)
    (expected,) = await denoised(gated, denoising(run, end_step=answer.state.step))
    assert answer.state == expected.state


async def test_its_id_is_its_own_while_it_runs_and_free_afterwards(gated: Serving, gate: Gate) -> None:
    call = await begun(gated, gate, end_step=1)
    again = denoising(await prepared(gated), request_id="mine", end_step=0)
    assert isinstance(await failure(stub(gated).DenoiseLatents(again)), AlreadyExists)
    assert isinstance(await failure(gated.generation.GenerateImage(asked("mine"))), AlreadyExists)
    gate.open()
    assert len([answer async for answer in call]) == 1  # type: ignore[attr-defined]
    assert len(await denoised(gated, again)) == 1


@pytest.fixture
async def full(start_server: StartServer, gate: Gate) -> AsyncIterator[Serving]:
    """A server with room for one that runs and one that waits, both taken."""
    async with start_server(EngineSettings(max_waiting=1, max_running=1), around=gate.before) as running:
        calls = [running.generation.GenerateImage(asked("runs", steps=1))]
        await until(lambda: gate.begun == 1)  # until then it waits itself, and fills the queue
        calls.append(running.generation.GenerateImage(asked("waits", steps=1)))
        await until(lambda: running.backend.engine.counts() == (1, 1))
        yield running
        gate.open()
        for call in calls:
            assert [event async for event in call][-1].HasField("completed")


async def test_what_finds_the_queue_full_is_refused_and_leaves_nothing_behind(full: Serving) -> None:
    run = await prepared(full)
    x = run.states[0].x
    calls = [
        stub(full).DenoiseLatents(denoising(run, request_id="mine")),
        stub(full).PredictDenoised(d.PredictDenoisedRequest(x=x, sigmas=[1.0], prompts=[d.Prompt(text="")])),
        stub(full).DecodeLatents(d.DecodeLatentsRequest(latents=x)),
        stub(full).EncodePrompt(d.EncodePromptRequest(prompts=[""])),
    ]
    assert [type(await failure(call)) for call in calls] == [QueueFull] * 4
    assert not known(full, "mine")


async def test_it_is_refused_while_the_server_drains(start_server: StartServer) -> None:
    async with start_server() as running:
        run = await prepared(running)
        running.backend.engine.drain()
        error = await failure(stub(running).DenoiseLatents(denoising(run)))
        assert (type(error), error.reason) == (Unavailable, "DRAINING")


async def test_a_model_that_is_not_there_is_an_invalid_field(grpc_server: Serving) -> None:
    error = await failure(stub(grpc_server).PrepareLatents(preparing(model="nobody")))
    assert (type(error), error.reason) == (InvalidArgument, "MODEL_NOT_FOUND")
    assert [violation.field for violation in error.violations] == ["model"]
