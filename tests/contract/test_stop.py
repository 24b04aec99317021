"""StopGeneration: what there is comes back, and the stream ends well."""

from __future__ import annotations

from latentwire.errors import Aborted, InvalidArgument, NotFound
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.gate import Gate
from tests.contract.serving import Serving, asked, failure, until


async def test_a_stopped_generation_returns_its_picture_as_it_is(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("halt", steps=50))
    gate.let(3)
    await until(lambda: gate.begun == 4)
    answer = await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="halt"))
    gate.open()
    events = [event async for event in call]
    assert list(answer.request_ids) == ["halt"]
    assert events[-1].completed.stopped
    assert events[-1].completed.image_count == 1
    assert gate.begun <= 5


async def test_stopping_the_current_batch_begins_the_next(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("skip", steps=20, batch_count=2))
    gate.let(2)
    await until(lambda: gate.begun == 3)
    scope = g.STOP_SCOPE_CURRENT_BATCH
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="skip", scope=scope))
    gate.open()
    events = [event async for event in call]
    assert [event.image.index for event in events if event.HasField("image")] == [0, 1]
    assert {event.progress.batch_index for event in events if event.HasField("progress")} == {0, 1}
    assert not gated.server.book.get("skip").stopping


async def test_stopping_what_waits_ends_it_without_pictures(gated: Serving, gate: Gate) -> None:
    calls = [gated.generation.GenerateImage(asked("first", steps=1, batch_size=32))]
    await until(lambda: gate.begun == 1)
    calls.append(gated.generation.GenerateImage(asked("second", steps=1, batch_size=32)))
    await until(lambda: gated.backend.engine.counts() == (1, 1))
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="second"))
    assert gated.server.book.get("second").stopping
    gate.open()
    ends = [[event async for event in call][-1].completed for call in calls]
    assert [(end.stopped, end.image_count) for end in ends] == [(False, 32), (True, 0)]


async def test_a_stopped_task_refuses_its_later_members(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked(steps=20, task=t.Task(task_id="loop", index=0)))
    await until(lambda: gate.begun == 1)
    await gated.generation.StopGeneration(g.StopGenerationRequest(task_id="loop"))
    gate.open()
    assert [event async for event in call][-1].completed.stopped
    late = await failure(gated.generation.GenerateImage(asked(task=t.Task(task_id="loop", index=1))))
    assert (type(late), late.reason) == (Aborted, "TASK_STOPPED")


async def test_stopping_a_task_s_current_batch_lets_later_members_in(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked(steps=20, task=t.Task(task_id="round", index=0)))
    await until(lambda: gate.begun == 1)
    scope = g.STOP_SCOPE_CURRENT_BATCH
    await gated.generation.StopGeneration(g.StopGenerationRequest(task_id="round", scope=scope))
    gate.open()
    assert [event async for event in call][-1].completed.stopped
    later = gated.generation.GenerateImage(asked(task=t.Task(task_id="round", index=1)))
    assert [event async for event in later][-1].completed.image_count == 1


async def test_stopping_without_a_target_or_with_an_unknown_scope_is_refused(gated: Serving) -> None:
    nothing = await failure(gated.generation.StopGeneration(g.StopGenerationRequest()))
    unknown = g.StopGenerationRequest(request_id="x", scope=9)  # type: ignore[arg-type]  # a later version's
    odd = await failure(gated.generation.StopGeneration(unknown))
    assert [type(nothing), type(odd)] == [InvalidArgument, InvalidArgument]
    assert [v.field for v in (*nothing.violations, *odd.violations)] == ["target", "scope"]


async def test_stopping_what_nobody_knows_is_not_found(gated: Serving) -> None:
    error = await failure(gated.generation.StopGeneration(g.StopGenerationRequest(request_id="nobody")))
    assert (type(error), error.reason) == (NotFound, "GENERATION_NOT_FOUND")


async def test_a_task_that_was_stopped_before_it_came_here_takes_no_members(gated: Serving) -> None:
    unknown = await failure(gated.generation.StopGeneration(g.StopGenerationRequest(task_id="elsewhere")))
    member = asked("member", task=t.Task(task_id="elsewhere", index=1, count=2))
    refused = await failure(gated.generation.GenerateImage(member))
    assert (type(unknown), type(refused), refused.reason) == (NotFound, Aborted, "TASK_STOPPED")
