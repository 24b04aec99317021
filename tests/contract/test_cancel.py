"""Whatever ends a generation early frees the engine before another evaluation of it is made."""

from __future__ import annotations

import asyncio

from latentwire.errors import Aborted, Cancelled, DeadlineExceeded, NotFound
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.serving import DEADLINES_S, Serving, asked, failure, make, until


async def test_cancelling_the_call_frees_the_engine_within_one_evaluation(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("gone", steps=50))
    await _begun(gate, 2)
    call.cancel()
    await until(lambda: not gated.server.book.get("gone").readers)
    assert await _evaluations_after(gated, gate) == 2
    assert gated.server.book.get("gone").state == t.GENERATION_STATE_CANCELLED


async def test_cancel_generation_frees_the_engine_within_one_evaluation(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("told", steps=50))
    await _begun(gate, 2)
    answer = await gated.generation.CancelGeneration(g.CancelGenerationRequest(request_id="told", reason="enough"))
    assert list(answer.request_ids) == ["told"]
    assert await _evaluations_after(gated, gate) == 2
    error = await failure(call)
    assert isinstance(error, Cancelled)
    assert error.message == "cancelled: enough"


async def test_a_deadline_frees_the_engine_within_one_evaluation(start_server: StartServer) -> None:
    for timeout_s in DEADLINES_S:
        gate = Gate()
        async with start_server(around=gate.before) as running:
            if arrived := await _late(running, gate, timeout_s):
                assert await _evaluations_after(running, gate) == 2
            gate.open()
        if arrived:
            break
    assert arrived


async def test_cancelling_what_waits_lets_the_others_run(start_server: StartServer, gate: Gate) -> None:
    async with start_server(around=gate.before) as running:
        first = running.generation.GenerateImage(asked("first", steps=1))
        await _begun(gate, 1)
        await running.generation.CancelGeneration(g.CancelGenerationRequest(request_id="first"))
        gate.open()
        assert isinstance(await failure(first), Cancelled)
        assert (await make(running.generation, asked())).kinds[-1] == "completed"


async def test_cancelling_an_ended_generation_is_fine_and_ends_nothing(gated: Serving, gate: Gate) -> None:
    gate.open()
    await make(gated.generation, asked("over"))
    answer = await gated.generation.CancelGeneration(g.CancelGenerationRequest(request_id="over"))
    assert list(answer.request_ids) == []


async def test_cancelling_what_nobody_knows_is_not_found(gated: Serving) -> None:
    for request in (g.CancelGenerationRequest(request_id="nobody"), g.CancelGenerationRequest(task_id="nobody")):
        assert isinstance(await failure(gated.generation.CancelGeneration(request)), NotFound)


async def test_cancelling_a_task_ends_its_members_and_refuses_later_ones(gated: Serving, gate: Gate) -> None:
    calls = [gated.generation.GenerateImage(asked(f"m{n}", task=t.Task(task_id="job", index=n))) for n in range(2)]
    await until(lambda: len([record for record in gated.server.book if record.birth.task_id == "job"]) == 2)
    answer = await gated.generation.CancelGeneration(g.CancelGenerationRequest(task_id="job"))
    assert sorted(answer.request_ids) == ["m0", "m1"]
    gate.open()
    assert [type(await failure(call)) for call in calls] == [Cancelled, Cancelled]
    late = await failure(gated.generation.GenerateImage(asked(task=t.Task(task_id="job", index=2))))
    assert (type(late), late.reason) == (Aborted, "TASK_STOPPED")


async def test_a_detached_generation_lives_as_long_as_its_grace(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("kept", detach_grace={"seconds": 60}))
    await _begun(gate, 1)
    call.cancel()
    await until(lambda: not gated.server.book.get("kept").readers)
    gate.open()
    watched = gated.generation.WatchGeneration(g.WatchGenerationRequest(request_id="kept"))
    kinds = [answer.event.WhichOneof("event") async for answer in watched]
    assert (kinds[0], kinds[-1]) == ("accepted", "completed")


async def test_a_detached_generation_ends_when_its_grace_is_over(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("left", steps=150, detach_grace={"nanos": 20_000_000}))
    await _begun(gate, 1)
    call.cancel()
    await until(lambda: not gated.server.book.get("left").readers)
    while not gated.server.book.get("left").ended:
        gate.let()
        await asyncio.sleep(0.005)
    assert gated.server.book.get("left").state == t.GENERATION_STATE_CANCELLED


async def _late(running: Serving, gate: Gate, timeout_s: float) -> bool:
    """Lets a deadline pass; returns whether the device worked on the second batch by then."""
    call = running.generation.GenerateImage(asked("late", steps=50), timeout=timeout_s)
    gate.let(1)
    await until(lambda: gate.begun == 2 or call.done())
    if gate.begun < 2:
        return False
    assert isinstance(await failure(call), DeadlineExceeded)
    await until(lambda: not running.server.book.get("late").readers)
    return True


async def _begun(gate: Gate, batches: int) -> None:
    """Waits until the device works on batch number `batches`, those before it done."""
    gate.let(batches - 1)
    await until(lambda: gate.begun == batches)


async def _evaluations_after(gated: Serving, gate: Gate) -> int:
    """Opens the gate and returns how many evaluations were begun in all, once the engine is free."""
    gate.open()
    await until(lambda: gated.backend.engine.counts() == (0, 0))
    return gate.begun
