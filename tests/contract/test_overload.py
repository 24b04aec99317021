"""More than there is room for, readers that are too slow, deadlines that can't be met."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from PIL import Image as pil

from inference_svc.engine import EngineSettings
from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.fake.runner import Misbehaviour
from latentwire.errors import Cancelled, DeadlineUnreachable, QueueFull
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import generation_service_pb2_grpc as gg
from latentwire.v1 import postprocessing_service_pb2 as p
from latentwire.v1 import postprocessing_service_pb2_grpc as pg
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.serving import PATIENCE_S, Serving, asked, failure, known, make, nothing_prepared, serving, until

_SMALL_WINDOW = (("grpc.http2.lookahead_bytes", 65_536), ("grpc.http2.bdp_probe", 0))


async def test_a_full_queue_refuses_at_once_and_health_still_answers(start_server: StartServer, gate: Gate) -> None:
    async with start_server(EngineSettings(max_waiting=1, max_running=1), around=gate.before) as running:
        calls = [running.generation.GenerateImage(asked("runs", steps=1))]
        await until(lambda: gate.begun == 1)
        calls.append(running.generation.GenerateImage(asked("waits", steps=1)))
        await until(lambda: running.backend.engine.counts() == (1, 1))
        error = await failure(running.generation.GenerateImage(asked("one-too-many")))
        assert (gate.begun, running.backend.engine.counts()) == (1, (1, 1))  # it has waited for nobody
        assert isinstance(error, QueueFull)
        assert error.retry_after_s is not None
        assert error.retry_after_s > 0
        health = await health_pb2_grpc.HealthStub(running.channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        gate.open()
        assert [[event async for event in call][-1].HasField("completed") for call in calls] == [True, True]


async def test_more_large_pictures_than_may_wait_to_be_decoded_are_refused_at_once(start_server: StartServer) -> None:
    file = io.BytesIO()
    pil.new("1", (8000, 8000)).save(file, "PNG")
    large = t.Image(data=file.getvalue(), format=t.IMAGE_FORMAT_PNG)
    init = g.InitImage(images=[large])
    async with start_server() as running:
        upscaler = pg.PostprocessingServiceStub(running.channel)
        with nothing_prepared(running):
            calls = [running.generation.GenerateImage(asked(init=init)) for _ in range(8)]
            endings = [asyncio.create_task(failure(call)) for call in calls]
            await until(lambda: running.server._aside._count == len(calls))
            errors = [
                await failure(running.generation.GenerateImage(asked(init=init))),
                await failure(upscaler.UpscaleImage(p.UpscaleImageRequest(image=large))),
            ]
            await make(running.generation, asked(steps=1))  # words need no decoding
            for call in calls:
                call.cancel()
            await asyncio.gather(*endings, return_exceptions=True)
            await until(lambda: running.server._aside._count == 0)
        small = g.InitImage(images=[t.Image(data=bytes(192), format=t.IMAGE_FORMAT_RAW_RGB, width=8, height=8)])
        await make(running.generation, asked(steps=1, init=small))
    assert [(type(error), error.retry_after_s) for error in errors] == [(QueueFull, 1.0)] * 2


async def test_pictures_that_are_held_leave_no_room_for_others_but_for_words(
    start_server: StartServer, gate: Gate
) -> None:
    picture = t.Image(data=bytes(64 * 64 * 3), format=t.IMAGE_FORMAT_RAW_RGB, width=64, height=64)
    init = g.InitImage(images=[picture])
    async with start_server(EngineSettings(max_held_bytes=20_000), around=gate.before) as running:
        upscaler = pg.PostprocessingServiceStub(running.channel)
        call = running.generation.GenerateImage(asked("holds", steps=1, init=init))
        await until(lambda: gate.begun == 1)
        errors = [
            await failure(running.generation.GenerateImage(asked(init=init))),
            await failure(upscaler.UpscaleImage(p.UpscaleImageRequest(image=picture))),
        ]
        words = running.generation.GenerateImage(asked("words", steps=1))
        gate.open()
        assert [type(error) for error in errors] == [QueueFull, QueueFull]
        assert [[event async for event in each][-1].HasField("completed") for each in (call, words)] == [True, True]
        await make(running.generation, asked(steps=1, init=init))


async def test_a_deadline_that_cannot_be_met_is_refused_at_once_once_measured() -> None:
    device = Misbehaviour(step_time_s=0.005)
    async with serving(fake_backend(FakeOptions(device=device))) as running:
        await make(running.generation, asked(steps=3))
        hopeless = asked(steps=150, batch_size=64, batch_count=10)
        error = await failure(running.generation.GenerateImage(hopeless, timeout=PATIENCE_S))
        assert isinstance(error, DeadlineUnreachable)


async def test_a_slow_reader_gets_every_picture_and_holds_its_generation_meanwhile() -> None:
    async with serving(fake_backend(FakeOptions())) as running, _narrow(running) as channel:
        stub = gg.GenerationServiceStub(channel)
        call = stub.GenerateImage(_large("slow", batch_count=12))
        await until(lambda: _held(running, "slow"))
        assert running.server.book.get("slow").images_done < 12
        assert (await make(running.generation, asked())).kinds[-1] == "completed"
        events = [event async for event in call]
        assert [event.image.index for event in events if event.HasField("image") and event.image.last] == list(
            range(12)
        )
        assert events[-1].completed.image_count == 12


async def test_a_slow_reader_loses_progress_but_sees_the_gap() -> None:
    async with serving(fake_backend(FakeOptions())) as running, _narrow(running) as channel:
        call = gg.GenerationServiceStub(channel).GenerateImage(_large("gaps", batch_count=2, steps=100))
        await until(lambda: known(running, "gaps") and running.server.book.get("gaps").images_done == 2)
        events = [event async for event in call]
        progress = [event.progress for event in events if event.HasField("progress")]
        assert len(progress) < 200
        assert events[-1].sequence > len(events)


async def test_a_reader_that_takes_nothing_is_let_go() -> None:
    backend = replace(fake_backend(FakeOptions()), stall_s=0.2)
    async with serving(backend) as running, _narrow(running) as channel:
        call = gg.GenerationServiceStub(channel).GenerateImage(_large("asleep", batch_count=12))
        await until(lambda: known(running, "asleep") and running.server.book.get("asleep").ended)
        assert running.server.book.get("asleep").state == t.GENERATION_STATE_CANCELLED
        error = await failure(call)
        assert (type(error), error.reason) == (Cancelled, "READER_STALLED")


def _large(request_id: str, *, steps: int = 1, **fields: object) -> g.GenerateImageRequest:
    raw = t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB)
    return asked(request_id, steps=steps, width=512, height=512, output=raw, **fields)


def _narrow(running: Serving) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"127.0.0.1:{running.server.port}", options=_SMALL_WINDOW)


def _held(running: Serving, request_id: str) -> bool:
    return known(running, request_id) and running.server.book.get(request_id).held
