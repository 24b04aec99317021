"""When resume points come, what is in them, and how a generation that was gone on with looks from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inference_svc.engine import EngineSettings
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.resuming import PIPELINES, delivered, files, pointed, points, resumed, slowest_step
from tests.contract.serving import Made, Serving, asked, known, make, until

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub


def _told(made: Made) -> list[tuple[int, bool]]:
    """The steps that progress was told of, and whether with a point."""
    progress = [event.progress for event in made.events if event.HasField("progress")]
    return [(each.step, each.HasField("resume_point")) for each in progress]


async def test_without_being_asked_for_no_point_is_made(generation: Stub) -> None:
    assert points(await make(generation, asked(steps=3))) == []


async def test_a_point_comes_with_every_nth_step_of_progress(generation: Stub) -> None:
    made = await make(generation, pointed(asked(steps=5), every=2))
    assert _told(made) == [(1, False), (2, True), (3, False), (4, True), (5, False)]


async def test_points_come_where_no_progress_is_wanted(generation: Stub) -> None:
    request = asked(steps=5, events=g.EventOptions(progress_every=0))
    assert _told(await make(generation, pointed(request, every=2))) == [(2, True), (4, True)]


async def test_steps_are_counted_on_from_batch_to_batch_and_from_pass_to_pass(generation: Stub) -> None:
    batches = await make(generation, pointed(asked(steps=2, batch_count=3), every=3))
    passes = await make(generation, pointed(asked(steps=2, hires=g.HiresPass(scale=1.5, steps=2)), every=3))
    assert [delivered(point) for point in points(batches)] == [{0}, {0, 1}]
    assert [point.pictures[0].stage for point in points(passes)] == [t.PICTURE_STAGE_HIRES_PASS]


async def test_a_point_holds_where_each_picture_stands_and_neither_words_nor_pictures(generation: Stub) -> None:
    request = asked(steps=3, batch_size=2, prompt="unmistakable")
    made = await make(generation, pointed(request))
    first, last = points(made)[0], points(made)[-1]
    assert [picture.index for picture in first.pictures] == [0, 1]
    assert min(picture.stage for picture in first.pictures) == t.PICTURE_STAGE_FIRST_PASS
    assert slowest_step(first) == 1
    assert min(picture.stage for picture in last.pictures) == t.PICTURE_STAGE_DECODING
    assert (first.version, len(first.request_digest)) == (1, 32)
    assert list(first.model_digests) == [made.accepted.model_digest]
    assert b"unmistakable" not in first.SerializeToString()


async def test_a_second_pass_with_a_network_names_its_digest(generation: Stub, grpc_server: Serving) -> None:
    networks = [each for each in await grpc_server.backend.catalogue.upscalers() if each.digest]
    for network in networks:
        hires = g.HiresPass(scale=1.5, steps=1, upscaler=network.name)
        point = points(await make(generation, pointed(asked(steps=1, hires=hires))))[0]
        assert list(point.model_digests)[1:] == [network.digest]
    assert bool(networks) == (grpc_server.backend.engine_name != "fake")


async def test_the_same_steps_make_the_same_points(generation: Stub) -> None:
    request = pointed(PIPELINES["hires"])
    first, again = [points(await make(generation, request)) for _ in range(2)]
    assert first == again


async def test_a_random_seed_is_repeated_by_the_resolved_request(generation: Stub) -> None:
    request = pointed(asked(steps=3, noise=t.NoiseSpec(), init=PIPELINES["from a picture"].init))
    whole = await make(generation, request)
    again = g.GenerateImageRequest()
    again.CopyFrom(whole.accepted.resolved)
    again.init.images.extend(request.init.images)
    assert files(await make(generation, resumed(again, points(whole)[0]))) == files(whole)


async def test_pictures_in_different_stages_each_go_on_from_their_own(start_server: StartServer) -> None:
    request = asked(steps=3, batch_size=3)
    async with start_server(EngineSettings(max_running=1)) as one_by_one:
        whole = await make(one_by_one.generation, pointed(request))
        point = points(whole)[0]
        stages = [picture.stage for picture in point.pictures]
        rest = await make(one_by_one.generation, resumed(request, point, resume_every=1))
    assert stages == [t.PICTURE_STAGE_DELIVERED, t.PICTURE_STAGE_DELIVERED, t.PICTURE_STAGE_FIRST_PASS]
    assert files(rest) == {key: file for key, file in files(whole).items() if key[0] == 2}
    assert _told(rest) == [(2, True), (3, True)]


async def test_where_all_is_delivered_nothing_is_left_to_do(generation: Stub) -> None:
    request = asked(batch_size=2)
    point = points(await make(generation, pointed(request)))[-1]
    for picture in point.pictures:
        picture.CopyFrom(t.PictureResume(index=picture.index, stage=t.PICTURE_STAGE_DELIVERED))
    rest = await make(generation, resumed(request, point))
    assert (rest.pictures, rest.completed.image_count, rest.completed.evaluations) == ((), 0, 0)


async def test_a_picture_that_a_point_leaves_out_begins_again(generation: Stub) -> None:
    request = asked(batch_size=2)
    whole = await make(generation, pointed(request))
    point = points(whole)[0]
    del point.pictures[0]
    assert files(await make(generation, resumed(request, point))) == files(whole)


@pytest.mark.parametrize("stopped", [False, True])
async def test_it_shows_at_once_how_far_it_has_come(
    gated: Serving, gate: Gate, generation: Stub, stopped: bool
) -> None:
    request = asked(steps=4, batch_count=2)
    whole = await make(generation, pointed(request))
    again = resumed(request, points(whole)[5])
    again.request_id = "gone-on-with"
    call = gated.generation.GenerateImage(again)
    await until(lambda: known(gated, "gone-on-with") and gate.begun == 1)
    seen = (await gated.generation.GetGeneration(g.GetGenerationRequest(request_id="gone-on-with"))).generation
    assert (seen.progress.batch_index, seen.progress.step, seen.progress.fraction) == (1, 2, 0.75)
    assert (seen.images_done, seen.image_count) == (1, 2)
    if stopped:
        await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="gone-on-with"))
    gate.open()
    assert [event async for event in call][-1].completed.image_count == 1


async def test_stopped_before_it_gets_on_it_returns_what_it_had_come_to(
    gated: Serving, gate: Gate, generation: Stub
) -> None:
    request = asked(steps=6)
    point = points(await make(generation, pointed(request)))[2]
    again = resumed(request, point)
    again.request_id = "stopped"
    call = gated.generation.GenerateImage(again)
    await until(lambda: known(gated, "stopped") and gate.begun == 1)
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="stopped"))
    gate.open()
    events = [event async for event in call]
    assert (events[-1].completed.stopped, events[-1].completed.image_count) == (True, 1)


async def test_what_is_skipped_stays_skipped(gated: Serving, gate: Gate) -> None:
    request = asked("skipping", steps=2, batch_size=2, batch_count=2, events=g.EventOptions(resume_every=1))
    call = gated.generation.GenerateImage(request)
    await until(lambda: gate.begun == 1)
    scope = g.STOP_SCOPE_CURRENT_BATCH
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="skipping", scope=scope))
    gate.open()
    events = [event async for event in call]
    found = [event.progress.resume_point for event in events if event.progress.HasField("resume_point")]
    assert delivered(found[-1]) == {0, 1}
