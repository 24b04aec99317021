"""Watching, looking at and listing generations."""

from __future__ import annotations

from uuid import uuid4

import pytest

from inference_svc.rpc.generation.book import BookSettings
from inference_svc.rpc.server import Listening
from latentwire.errors import AlreadyExists, Cancelled, InvalidArgument, NotFound, OutOfRange
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.serving import Serving, asked, failure, known, make, until


@pytest.fixture
def name() -> str:
    """A request id of the test's own: the module's server remembers those of others."""
    return uuid4().hex


async def test_a_remembered_generation_is_repeated_without_superseded_events(grpc_server: Serving, name: str) -> None:
    made = await make(grpc_server.generation, asked(name, steps=3))
    again = [a.event async for a in grpc_server.generation.WatchGeneration(g.WatchGenerationRequest(request_id=name))]
    kinds = [event.WhichOneof("event") for event in again if event.WhichOneof("event") != "queued"]
    assert kinds == ["accepted", "started", "progress", "image", "completed"]
    assert again[-1] == made.events[-1]


async def test_watching_goes_on_after_a_sequence_number(grpc_server: Serving, name: str) -> None:
    made = await make(grpc_server.generation, asked(name))
    image = next(event for event in made.events if event.HasField("image"))
    request = g.WatchGenerationRequest(request_id=name, after_sequence=image.sequence)
    again = [answer.event async for answer in grpc_server.generation.WatchGeneration(request)]
    assert again == [made.events[-1]]


async def test_one_that_goes_on_from_elsewhere_is_numbered_after_what_was_known_there(
    grpc_server: Serving, name: str
) -> None:
    made = await make(grpc_server.generation, asked(name, events=g.EventOptions(after_sequence=40)))
    assert [event.sequence for event in made.events] == list(range(41, 41 + len(made.events)))
    request = g.WatchGenerationRequest(request_id=name, after_sequence=27)
    watched = [answer.event async for answer in grpc_server.generation.WatchGeneration(request)]
    assert [watched[0], watched[-1]] == [made.events[0], made.events[-1]]


async def test_watching_from_the_future_is_out_of_range(grpc_server: Serving, name: str) -> None:
    made = await make(grpc_server.generation, asked(name))
    for sequence in (made.events[-1].sequence + 1, -1):
        request = g.WatchGenerationRequest(request_id=name, after_sequence=sequence)
        assert isinstance(await failure(grpc_server.generation.WatchGeneration(request)), OutOfRange)


async def test_a_watcher_of_a_running_generation_sees_its_end(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("shared", steps=2))
    await until(lambda: gate.begun == 1)
    watcher = gated.generation.WatchGeneration(g.WatchGenerationRequest(request_id="shared"))
    await until(lambda: len(gated.server.book.get("shared").readers) == 2)
    gate.open()
    own, watched = [event async for event in call], [answer.event async for answer in watcher]
    assert own[-1] == watched[-1]


async def test_one_of_two_readers_may_leave(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("left-behind", steps=2))
    await until(lambda: gate.begun == 1)
    watcher = gated.generation.WatchGeneration(g.WatchGenerationRequest(request_id="left-behind"))
    await until(lambda: len(gated.server.book.get("left-behind").readers) == 2)
    call.cancel()
    await until(lambda: len(gated.server.book.get("left-behind").readers) == 1)
    gate.open()
    assert [answer.event async for answer in watcher][-1].HasField("completed")


async def test_a_watcher_of_a_cancelled_generation_gets_the_error(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("spoilt", steps=2))
    await until(lambda: gate.begun == 1)
    await gated.generation.CancelGeneration(g.CancelGenerationRequest(request_id="spoilt"))
    gate.open()
    assert isinstance(await failure(call), Cancelled)
    watcher = gated.generation.WatchGeneration(g.WatchGenerationRequest(request_id="spoilt"))
    assert isinstance(await failure(watcher), Cancelled)


async def test_an_id_in_use_is_refused_with_its_state(grpc_server: Serving, name: str) -> None:
    await make(grpc_server.generation, asked(name))
    error = await failure(grpc_server.generation.GenerateImage(asked(name)))
    assert isinstance(error, AlreadyExists)
    assert error.metadata["state"] == "GENERATION_STATE_SUCCEEDED"


async def test_generations_are_forgotten_some_time_after_their_end(start_server: StartServer) -> None:
    listening = Listening(book=BookSettings(remember_s=0.01))
    async with start_server(listening=listening) as running:
        await make(running.generation, asked("brief"))
        await until(lambda: not list(running.server.book))
        error = await failure(running.generation.GetGeneration(g.GetGenerationRequest(request_id="brief")))
        assert isinstance(error, NotFound)


async def test_generations_are_forgotten_early_where_memory_is_short(start_server: StartServer) -> None:
    listening = Listening(book=BookSettings(most_bytes=30_000))
    raw = t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB)
    async with start_server(listening=listening) as running:
        for number in range(4):
            made = await make(running.generation, asked(f"large-{number}", output=raw))
            assert len(made.pictures[0].data) == 64 * 64 * 3
        assert [record.id for record in running.server.book] == ["large-2", "large-3"]


async def test_a_running_generation_shows_where_it_stands(gated: Serving, gate: Gate) -> None:
    events = g.EventOptions(preview_every=1)
    call = gated.generation.GenerateImage(asked("looked-at", steps=4, batch_count=2, events=events))
    gate.let(2)
    await until(lambda: known(gated, "looked-at") and gated.server.book.get("looked-at").preview is not None)
    await until(lambda: gated.server.book.get("looked-at").progress is not None and gate.begun == 3)
    seen = (await gated.generation.GetGeneration(g.GetGenerationRequest(request_id="looked-at"))).generation
    assert (seen.state, seen.image_count, seen.images_done) == (t.GENERATION_STATE_RUNNING, 2, 0)
    assert (seen.progress.step, seen.progress.step_count) == (2, 4)
    assert seen.preview.data
    assert seen.HasField("start_time")
    assert not seen.HasField("end_time")
    gate.open()
    assert [event async for event in call][-1].HasField("completed")


async def test_a_preview_is_left_out_when_known_or_not_wanted(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("glimpse", steps=3, events=g.EventOptions(preview_every=1)))
    gate.let(1)
    await until(lambda: known(gated, "glimpse") and gated.server.book.get("glimpse").preview is not None)
    for request in (
        g.GetGenerationRequest(request_id="glimpse", skip_preview=True),
        g.GetGenerationRequest(request_id="glimpse", known_preview_id=1),
    ):
        assert not (await gated.generation.GetGeneration(request)).generation.HasField("preview")
    gate.open()
    assert [event async for event in call][-1].HasField("completed")


async def test_waiting_generations_know_their_position(gated: Serving, gate: Gate) -> None:
    calls = [gated.generation.GenerateImage(asked(f"q{n}", steps=1, batch_size=32)) for n in range(3)]
    await until(lambda: len(list(gated.server.book)) == 3)
    await until(lambda: gated.backend.engine.counts() == (2, 1))
    await until(lambda: {gated.server.book.get(f"q{n}").position for n in range(3)} == {None, 0, 1})
    listed = await gated.generation.ListGenerations(g.ListGenerationsRequest())
    assert (listed.waiting_count, listed.running_count) == (2, 1)
    gate.open()
    ends = [[event async for event in call][-1].completed.image_count for call in calls]
    assert ends == [32, 32, 32]


async def test_lists_are_filtered_and_paged(start_server: StartServer) -> None:
    async with start_server() as running:
        for number, kind in enumerate(["txt2img", "img2img", "txt2img"]):
            task = t.Task(task_id=f"t{number}", owner="ann" if number else "bob", kind=kind)
            await make(running.generation, asked(f"g{number}", task=task))
        done = [t.GENERATION_STATE_SUCCEEDED]
        assert await _listed(running) == []
        assert await _listed(running, states=done) == ["g0", "g1", "g2"]
        assert await _listed(running, states=done, owner="ann") == ["g1", "g2"]
        assert await _listed(running, states=done, task_kinds=["img2img"]) == ["g1"]
        assert await _listed(running, states=done, task_id="t2") == ["g2"]
        assert await _listed(running, states=done, page_size=1) == ["g0", "g1", "g2"]


async def test_an_owner_is_shown_to_nobody_else(start_server: StartServer) -> None:
    async with start_server() as running:
        await make(running.generation, asked("mine", task=t.Task(task_id="t", owner="ann")))
        done = [t.GENERATION_STATE_SUCCEEDED]
        listed = await running.generation.ListGenerations(g.ListGenerationsRequest(states=done))
        named = await running.generation.ListGenerations(g.ListGenerationsRequest(states=done, owner="ann"))
        assert [answer.generations[0].task.owner for answer in (listed, named)] == ["", "ann"]


async def test_lists_refuse_bad_pages(grpc_server: Serving) -> None:
    for request, field in (
        (g.ListGenerationsRequest(page_size=0), "page_size"),
        (g.ListGenerationsRequest(page_token="x"), "page_token"),
    ):
        error = await failure(grpc_server.generation.ListGenerations(request))
        assert isinstance(error, InvalidArgument)
        assert [violation.field for violation in error.violations] == [field]


async def _listed(running: Serving, **fields: object) -> list[str]:
    """Follows the pages to the end."""
    ids: list[str] = []
    request = g.ListGenerationsRequest(**fields)  # type: ignore[arg-type]  # checked by protobuf
    while True:
        answer = await running.generation.ListGenerations(request)
        ids += [generation.request_id for generation in answer.generations]
        if not answer.next_page_token:
            return ids
        request.page_token = answer.next_page_token
