"""The Python clients against a server: both ways of calling, on both engines."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from PIL import Image

from inference_svc.rpc.server import Listening
from latentwire.client import (
    Accepted,
    Completed,
    ImageDone,
    Progress,
    Queued,
    Reattached,
    Retries,
    Settings,
    Started,
    Tls,
)
from latentwire.errors import (
    AlreadyExists,
    Cancelled,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    OutOfMemory,
    PayloadTooLarge,
    Unauthenticated,
    Unavailable,
)
from tests.certificate import make
from tests.contract.client_ways import Way, asked, connected, events_of, noting, until_kind
from tests.contract.cut_line import line_to
from tests.contract.engines import MakeBackend, StartServer
from tests.contract.gate import Gate
from tests.contract.serving import PATIENCE_S, Serving, serving, until


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    """Which client."""
    name: str = request.param
    return name


@pytest_asyncio.fixture(loop_scope="module")
async def client(way: str, grpc_server: Serving) -> AsyncIterator[Way]:
    async with connected(way, f"127.0.0.1:{grpc_server.server.port}") as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def held(way: str, gated: Serving) -> AsyncIterator[Way]:
    """A client of a server whose device is behind the gate."""
    async with connected(way, f"127.0.0.1:{gated.server.port}") as client:
        yield client


async def test_pictures_come_with_seeds_and_texts_and_times(client: Way) -> None:
    result = await asked(client, count=2, steps=3)
    assert result.seeds == (7, 8)
    assert [image.pil.size for image in result.images] == [(64, 64)] * 2
    assert all(f"Seed: {seed}" in text for seed, text in zip(result.seeds, result.infotexts, strict=True))
    assert result.timings.total_s >= result.timings.denoise_s > 0
    assert (result.stopped, result.reattached_count) == (False, 0)


async def test_progress_is_told(client: Way) -> None:
    told: list[Progress] = []
    await asked(client, steps=3, on_progress=told.append)
    assert (told[-1].step, told[-1].step_count, told[-1].fraction) == (3, 3, 1.0)


async def test_events_come_typed_and_in_order(client: Way) -> None:
    events = [event async for event in events_of(client)]
    kinds = [kind for kind, _ in groupby(type(event) for event in events) if kind is not Queued]
    assert kinds == [Accepted, Started, Progress, ImageDone, Completed]
    assert [event.sequence for event in events] == sorted(event.sequence for event in events)


async def test_formats_are_those_asked_for(client: Way) -> None:
    file, raw = [(await asked(client, format=format)).images[0] for format in ("webp", "raw_rgb")]
    assert (file.pil.format, raw.pixels.shape, len(raw.data)) == ("WEBP", (64, 64, 3), 64 * 64 * 3)


async def test_a_picture_is_made_from_another(client: Way) -> None:
    picture = Image.new("RGB", (64, 64), "blue")
    mask = Image.new("L", (64, 64), 0)
    result = await asked(client, init_image=picture, mask=mask, strength=0.5)
    assert result.images[0].pixels.tolist() == [[[0, 0, 255]] * 64] * 64


async def test_what_is_wrong_with_a_request_is_named(client: Way) -> None:
    with pytest.raises(InvalidArgument) as raised:
        await asked(client, steps=1000)
    assert [violation.field for violation in raised.value.violations] == ["sampling.steps"]


async def test_an_id_in_use_is_refused(client: Way) -> None:
    name = uuid4().hex
    await asked(client, request_id=name)
    with pytest.raises(AlreadyExists) as raised:
        await asked(client, request_id=name)
    assert raised.value.metadata["state"] == "GENERATION_STATE_SUCCEEDED"


async def test_what_is_remembered_can_be_looked_at_listed_and_watched(client: Way) -> None:
    result = await asked(client)
    seen = await client.get(result.request_id)
    assert (seen.state, seen.images_done, seen.image_count) == ("succeeded", 1, 1)
    listed = await client.list_generations(states=["succeeded"])
    assert result.request_id in [generation.request_id for generation in listed.generations]
    again = [event async for event in client.watch(result.request_id)]
    assert [event.image for event in again if isinstance(event, ImageDone)] == list(result.images)
    assert again[-1] == result.completed


async def test_watching_goes_on_after_a_sequence_number(client: Way) -> None:
    result = await asked(client)
    assert [event async for event in client.watch(result.request_id, after_sequence=result.completed.sequence - 1)] == [
        result.completed
    ]


async def test_what_is_not_there_is_not_found(client: Way) -> None:
    with pytest.raises(NotFound):
        await client.get("nobody")
    with pytest.raises(NotFound):
        await client.cancel("nobody")
    with pytest.raises(NotFound):
        await until_kind(client.watch("nobody"), Completed)


async def test_models_and_names_are_listed(client: Way) -> None:
    (model,) = (await client.models()).models
    assert (model.is_default, model.state, await client.model(model.name)) == (True, "loaded", model)
    assert "Euler" in [sampler.name for sampler in await client.samplers()]
    assert "karras" in [scheduler.name for scheduler in await client.schedulers()]
    assert "Lanczos" in [upscaler.name for upscaler in await client.upscalers()]
    assert isinstance(await client.loras(), tuple)
    assert isinstance(await client.embeddings(), tuple)


async def test_a_model_is_loaded_with_progress(client: Way) -> None:
    (model,) = (await client.models()).models
    told: list[float] = []
    loaded = await client.load_model(model.name, on_progress=lambda progress: told.append(progress.fraction))
    assert (loaded.name, loaded.state, told[-1]) == (model.name, "loaded", 1.0)


async def test_a_picture_is_enlarged_with_progress(client: Way) -> None:
    told: list[float] = []
    picture = await client.upscale(Image.new("RGB", (16, 8), "red"), scale=2.0, on_progress=told.append)
    assert ((picture.width, picture.height), picture.pil.size, told[-1]) == ((32, 16), (32, 16), 1.0)


async def test_leaving_the_events_cancels_the_generation(held: Way, gated: Serving, gate: Gate) -> None:
    async with aclosing(events_of(held, request_id="left")) as events:
        await until_kind(events, Accepted)
        await until(lambda: gate.begun == 1)
    gate.open()
    await until(lambda: gated.server.book.get("left").ended)
    assert (await held.get("left")).state == "cancelled"


async def test_a_generation_may_be_cancelled_by_its_id(held: Way, gate: Gate) -> None:
    events = events_of(held, request_id="spoilt")
    await until_kind(events, Accepted)
    assert await held.cancel("spoilt", reason="a test") == ("spoilt",)
    gate.open()
    with pytest.raises(Cancelled, match="a test"):
        await until_kind(events, Completed)


async def test_a_stopped_generation_returns_what_there_is(held: Way, gate: Gate) -> None:
    events = events_of(held, request_id="stopped", steps=50)
    await until_kind(events, Accepted)
    await until(lambda: gate.begun == 1)
    gate.let(1)
    await until(lambda: gate.begun == 2)
    assert await held.stop("stopped") == ("stopped",)
    gate.open()
    rest = [event async for event in events]
    assert [type(event) for event in rest[-2:]] == [ImageDone, Completed]
    assert rest[-1].stopped


async def test_a_deadline_is_kept_and_frees_the_server(held: Way, gated: Serving, gate: Gate) -> None:
    with pytest.raises(DeadlineExceeded):
        await asked(held, request_id="late", timeout_s=0.5)
    gate.open()
    await until(lambda: all(record.ended for record in gated.server.book))


async def test_a_lost_connection_is_taken_up_again_and_said(way: str, gated: Serving, gate: Gate) -> None:
    settings = Settings(reattach_s=PATIENCE_S)
    async with (
        line_to(gated.server.port) as (line, address),
        connected(way, address, settings=settings) as client,
    ):
        events = events_of(client, steps=3)
        gate.let(1)
        await until_kind(events, Progress)
        line.cut()
        gate.open()
        line.mend()
        rest = [event async for event in events]
    assert isinstance(rest[0], Reattached)
    assert isinstance(rest[-1], Completed)
    (image,) = [event.image for event in rest if isinstance(event, ImageDone)]
    assert Image.open(io.BytesIO(image.data)).size == (64, 64)


async def test_without_reattaching_a_lost_connection_is_the_end(way: str, gated: Serving, gate: Gate) -> None:
    settings = Settings(reattach_s=0)
    async with line_to(gated.server.port) as (line, address), connected(way, address, settings=settings) as client:
        events = events_of(client, request_id="lost", steps=3)
        await until_kind(events, Started)
        line.cut()
        line.mend()
        with pytest.raises(Unavailable) as raised:
            await until_kind(events, Completed)
        gate.open()
        assert raised.value.reason == "CONNECTION_LOST"
        await until(lambda: gated.server.book.get("lost").ended)
        assert (await client.get("lost")).state == "cancelled"


async def test_a_server_is_waited_for(way: str, grpc_server: Serving) -> None:
    async with line_to(grpc_server.server.port) as (line, address), connected(way, address) as client:
        line.cut()
        with pytest.raises(Unavailable, match="not ready in time"):
            await client.wait_ready(0.2)
        line.mend()
        await client.wait_ready(PATIENCE_S)
        assert line.connections >= 1


async def test_nobody_there_is_unavailable_after_every_try(way: str) -> None:
    pauses: list[float] = []
    settings = Settings(retries=Retries(attempts=3))
    async with connected(way, "127.0.0.1:1", settings=settings, sleep=noting(way, pauses)) as client:
        with pytest.raises(Unavailable) as raised:
            await client.models()
    assert (raised.value.reason, len(pauses)) == ("CONNECTION_LOST", 2)


async def test_a_model_that_is_loading_is_asked_again_in_time(way: str, fake_server: Serving) -> None:
    pauses: list[float] = []
    address = f"127.0.0.1:{fake_server.server.port}"
    async with connected(way, address, sleep=noting(way, pauses)) as client:
        with pytest.raises(Unavailable) as raised:
            await asked(client, "fake:loading")
    assert (raised.value.reason, len(pauses)) == ("MODEL_LOADING", 3)
    assert min(pauses) >= 1.0


async def test_what_ran_out_of_memory_is_not_asked_again(way: str, fake_server: Serving) -> None:
    pauses: list[float] = []
    settings = Settings(retries=Retries(overload=True))
    address = f"127.0.0.1:{fake_server.server.port}"
    async with connected(way, address, settings=settings, sleep=noting(way, pauses)) as client:
        with pytest.raises(OutOfMemory):
            await asked(client, "fake:oom")
    assert pauses == []


async def test_a_client_that_is_closed_does_nothing_more(way: str, grpc_server: Serving) -> None:
    async with connected(way, f"127.0.0.1:{grpc_server.server.port}") as client:
        await client.models()
        await client.close()
        with pytest.raises(Cancelled, match="the client is closed"):
            await client.models()


async def test_a_message_over_the_limit_is_too_large(way: str, grpc_server: Serving) -> None:
    address = f"127.0.0.1:{grpc_server.server.port}"
    async with connected(way, address, settings=Settings(max_message_bytes=1000)) as client:
        with pytest.raises(PayloadTooLarge):
            await asked(client, "x" * 2000)


async def test_a_token_is_shown(way: str, start_server: StartServer) -> None:
    async with start_server(listening=Listening(token="secret")) as running:
        address = f"127.0.0.1:{running.server.port}"
        async with connected(way, address) as nobody, connected(way, address, token="secret") as somebody:
            with pytest.raises(Unauthenticated):
                await nobody.models()
            assert len((await somebody.models()).models) == 1


async def test_a_certificate_is_trusted_where_told(way: str, make_backend: MakeBackend, tmp_path: Path) -> None:
    made = make(tmp_path)
    tls = (made.key.read_bytes(), made.certificate.read_bytes())
    async with serving(make_backend(), Listening(tls=tls)) as running:
        address = f"127.0.0.1:{running.server.port}"
        async with (
            connected(way, address, tls=Tls(ca=made.certificate)) as trusting,
            connected(way, address, tls=Tls(), settings=Settings(retries=Retries(attempts=1))) as doubting,
        ):
            assert len((await trusting.models()).models) == 1
            with pytest.raises(Unavailable):
                await doubting.models()
