"""UpscaleImage as callers see it, and what has no model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_svc.engine import EngineSettings
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.captioning import Description
from latentwire import image_file, image_text
from latentwire.chunks import ChunkAssembler, Picture
from latentwire.errors import (
    AlreadyExists,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    QueueFull,
    Unavailable,
)
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import model_service_pb2_grpc as mg
from latentwire.v1 import postprocessing_service_pb2 as p
from latentwire.v1 import postprocessing_service_pb2_grpc as pg
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.serving import DEADLINES_S, PATIENCE_S, Serving, asked, failure, known, until

NETWORKS = {"fake": "Fake 2x", "onnx": "Toy 2x"}
RAW = t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB)
PIXELS = np.random.default_rng(5).integers(0, 256, (20, 24, 3), np.uint8)


def network(running: Serving) -> str:
    """The name of a network of the engine under test that makes squares."""
    return NETWORKS[running.backend.engine_name]


def image(pixels: Any = PIXELS, infotext: str = "") -> t.Image:
    return t.Image(data=image_file.encode(Image.fromarray(pixels), "PNG", infotext=infotext))


def upscaling(**fields: Any) -> p.UpscaleImageRequest:
    return p.UpscaleImageRequest(**{"image": image(), "output": RAW, **fields})


@dataclass(frozen=True)
class Upscaled:
    """A stream, read to its end."""

    fractions: tuple[float, ...]
    picture: Picture

    @property
    def pixels(self) -> np.ndarray[Any, Any]:
        """(H, W, 3), of raw pixels."""
        return np.frombuffer(self.picture.data, np.uint8).reshape(self.picture.height, self.picture.width, 3)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.picture.width, self.picture.height


async def upscaled(running: Serving, **fields: Any) -> Upscaled:
    """The result of UpscaleImage."""
    events = [event async for event in stub(running).UpscaleImage(upscaling(**fields), timeout=PATIENCE_S)]
    fractions = [event.fraction for event in events if event.WhichOneof("event") == "fraction"]
    assembler = ChunkAssembler()
    pictures = [assembler.add(event.image) for event in events if event.WhichOneof("event") == "image"]
    (picture,) = [picture for picture in pictures if picture is not None]
    return Upscaled(tuple(fractions), picture)


def stub(running: Serving) -> pg.PostprocessingServiceAsyncStub:
    return pg.PostprocessingServiceStub(running.channel)


async def refused(running: Serving, **fields: Any) -> Any:
    return await failure(stub(running).UpscaleImage(upscaling(**fields), timeout=PATIENCE_S))


async def test_a_network_enlarges_tile_by_tile_and_tells_how_far_it_is(grpc_server: Serving) -> None:
    made = await upscaled(grpc_server, upscaler=network(grpc_server), tile=16, overlap=4)
    np.testing.assert_array_equal(made.pixels, PIXELS.repeat(2, axis=0).repeat(2, axis=1))
    assert list(made.fractions) == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])


async def test_networks_are_listed_with_their_scale(grpc_server: Serving) -> None:
    listed = (await mg.ModelServiceStub(grpc_server.channel).ListUpscalers(m.ListUpscalersRequest())).upscalers
    images = {upscaler.name: upscaler.scale for upscaler in listed if upscaler.kind == m.UPSCALER_KIND_IMAGE}
    assert images.items() >= {"None": 4.0, "Lanczos": 4.0, "Nearest": 4.0, network(grpc_server): 2.0}.items()
    assert list(images)[:3] == ["None", "Lanczos", "Nearest"]


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (48, 40)),
        ({"scale": 1.7}, (40, 32)),
        ({"scale": 0.1}, (2, 2)),
        ({"width": 60, "height": 40}, (60, 48)),
        ({"width": 60, "height": 40, "crop": True}, (60, 40)),
        ({"width": 48}, (48, 40)),
        ({"height": 10, "crop": True}, (8, 10)),
        ({"upscaler": "None", "scale": 4.0}, (24, 20)),
        ({"upscaler": "None", "width": 8, "height": 8, "crop": True}, (24, 20)),
    ],
)
async def test_sizes_follow_the_request(grpc_server: Serving, fields: dict[str, Any], size: tuple[int, int]) -> None:
    assert (await upscaled(grpc_server, **fields)).size == size


async def test_lanczos_is_the_default_and_none_changes_nothing(grpc_server: Serving) -> None:
    expected = Image.fromarray(PIXELS).resize((48, 40), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal((await upscaled(grpc_server)).pixels, np.asarray(expected))
    np.testing.assert_array_equal((await upscaled(grpc_server, upscaler="None")).pixels, PIXELS)


async def test_a_second_upscaler_is_blended_in(grpc_server: Serving) -> None:
    first, second = [(await upscaled(grpc_server, upscaler=name)).pixels for name in ("Nearest", "Lanczos")]
    both = {"upscaler": "Nearest", "second_upscaler": "Lanczos"}
    half = (await upscaled(grpc_server, **both, second_visibility=0.5)).pixels
    np.testing.assert_allclose(half, first / 2 + second / 2, atol=0.5)
    np.testing.assert_array_equal((await upscaled(grpc_server, **both)).pixels, first)
    none = {**both, "second_upscaler": "None", "second_visibility": 1.0}
    np.testing.assert_array_equal((await upscaled(grpc_server, **none)).pixels, first)


async def test_the_infotext_of_the_picture_is_kept(grpc_server: Serving) -> None:
    file = t.ImageOptions(format=t.IMAGE_FORMAT_JPEG, chunk_bytes=1024)
    made = await upscaled(grpc_server, image=image(infotext="a hat\nSteps: 3"), output=file)
    assert (made.picture.infotext, image_text.read(made.picture.data).infotext) == ("a hat\nSteps: 3",) * 2
    bare = t.ImageOptions(format=t.IMAGE_FORMAT_PNG, embed_infotext=False)
    made = await upscaled(grpc_server, image=image(infotext="a hat"), output=bare)
    assert image_text.read(made.picture.data).infotext == ""


async def test_transparency_and_raw_pixels_are_taken(grpc_server: Serving) -> None:
    transparent = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 7, np.uint8)])
    raw = t.Image(data=PIXELS.tobytes(), width=24, height=20, format=t.IMAGE_FORMAT_RAW_RGB)
    for given in (image(transparent), raw):
        np.testing.assert_array_equal((await upscaled(grpc_server, image=given, upscaler="None")).pixels, PIXELS)


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"image": t.Image()}, "image.data"),
        ({"image": t.Image(data=b"no picture")}, "image.data"),
        ({"scale": 0.0}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"scale": float("inf")}, "scale"),
        ({"scale": 1e9}, "scale"),
        ({"scale": 400.0}, "scale"),
        ({"scale": 2.0, "width": 10}, "scale"),
        ({"width": -1}, "width"),
        ({"width": 65_500, "height": 65_500}, "width"),
        ({"height": 60_000}, "height"),
        ({"width": 16_400, "height": 64, "output": t.ImageOptions(format=t.IMAGE_FORMAT_WEBP)}, "width"),
        ({"crop": True}, "crop"),
        ({"second_visibility": 1.5}, "second_visibility"),
        ({"tile": 15}, "tile"),
        ({"tile": 5000}, "tile"),
        ({"tile": 16, "overlap": 8}, "overlap"),
        ({"overlap": -1}, "overlap"),
        ({"output": t.ImageOptions(quality=0)}, "output.quality"),
        ({"request_id": "no spaces"}, "request_id"),
        ({"task": t.Task()}, "task.task_id"),
    ],
)
async def test_what_is_wrong_is_named(grpc_server: Serving, fields: dict[str, Any], violation: str) -> None:
    error = await refused(grpc_server, **fields)
    assert isinstance(error, InvalidArgument)
    assert violation in [found.field for found in error.violations]


@pytest.mark.parametrize("field", ["upscaler", "second_upscaler"])
async def test_an_upscaler_that_is_not_there_is_not_found(grpc_server: Serving, field: str) -> None:
    error = await refused(grpc_server, **{field: "Nobody 4x"})
    assert (type(error), error.reason) == (NotFound, "UPSCALER_NOT_FOUND")


@pytest.fixture
async def held(start_server: StartServer, gate: Gate) -> AsyncIterator[Serving]:
    """A server whose one place is taken by a generation that the gate holds, and that lets one more wait."""
    async with start_server(EngineSettings(max_waiting=1, max_running=1), around=gate.before) as running:
        call = running.generation.GenerateImage(asked("runs", steps=1))
        await until(lambda: gate.begun == 1)
        yield running
        gate.open()
        assert [event async for event in call][-1].HasField("completed")


async def test_it_waits_in_the_queue_with_generations(held: Serving, gate: Gate) -> None:
    task = t.Task(task_id="task(mine)", kind="extras")
    call = stub(held).UpscaleImage(upscaling(request_id="mine", task=task))
    await until(lambda: held.backend.engine.counts() == (1, 1))
    request = g.ListGenerationsRequest(task_kinds=["extras"])
    (listed,) = (await held.generation.ListGenerations(request)).generations
    assert (listed.request_id, listed.state, listed.queue_position) == ("mine", t.GENERATION_STATE_WAITING, 0)
    assert isinstance(await refused(held), QueueFull)
    assert isinstance(await refused(held, request_id="mine"), AlreadyExists)
    gate.open()
    assert [event.WhichOneof("event") async for event in call] == ["fraction", "image"]
    generation = (await held.generation.GetGeneration(g.GetGenerationRequest(request_id="mine"))).generation
    assert (generation.state, generation.progress.fraction) == (t.GENERATION_STATE_SUCCEEDED, 1.0)


async def test_it_can_be_cancelled_by_its_id(held: Serving, gate: Gate) -> None:
    call = stub(held).UpscaleImage(upscaling(request_id="mine"))
    await until(lambda: held.backend.engine.counts() == (1, 1))
    await held.generation.CancelGeneration(g.CancelGenerationRequest(request_id="mine"))
    gate.open()
    assert isinstance(await failure(call), Cancelled)


async def test_it_ends_with_its_call(held: Serving, gate: Gate) -> None:
    call = stub(held).UpscaleImage(upscaling(request_id="mine"))
    await until(lambda: held.backend.engine.counts() == (1, 1))
    call.cancel()
    await until(lambda: not held.server.book.get("mine").readers)
    gate.open()
    await until(lambda: held.server.book.get("mine").ended)
    assert held.server.book.get("mine").state == t.GENERATION_STATE_CANCELLED


async def test_it_ends_with_its_deadline(held: Serving, gate: Gate) -> None:
    for timeout_s in DEADLINES_S:
        name = f"within-{timeout_s}"
        error = await failure(stub(held).UpscaleImage(upscaling(request_id=name), timeout=timeout_s))
        assert isinstance(error, DeadlineExceeded)
        if known(held, name):
            break
    gate.open()
    await until(lambda: held.server.book.get(name).ended)
    assert held.server.book.get(name).state == t.GENERATION_STATE_CANCELLED


async def test_one_that_is_stopped_before_it_began_ends_without_a_picture(held: Serving, gate: Gate) -> None:
    call = stub(held).UpscaleImage(upscaling(request_id="mine", upscaler=network(held)))
    await until(lambda: held.backend.engine.counts() == (1, 1))
    await held.generation.StopGeneration(g.StopGenerationRequest(request_id="mine"))
    gate.open()
    assert [event.WhichOneof("event") async for event in call] == []


async def test_it_is_refused_while_the_server_drains(start_server: StartServer) -> None:
    async with start_server() as running:
        running.backend.engine.drain()
        error = await refused(running)
        assert (type(error), error.reason) == (Unavailable, "DRAINING")


@pytest.mark.parametrize("model", ["", "GFPGAN"])
async def test_faces_are_not_restored_without_a_model(grpc_server: Serving, model: str) -> None:
    call = stub(grpc_server).RestoreFaces(p.RestoreFacesRequest(image=image(), model=model))
    error = await failure(call)
    assert (type(error), error.reason) == (FailedPrecondition, "MODEL_NOT_INSTALLED")


@pytest.mark.parametrize("model", ["", "deepdanbooru"])
async def test_nothing_is_said_of_a_picture_without_a_model(grpc_server: Serving, model: str) -> None:
    call = stub(grpc_server).DescribeImage(p.DescribeImageRequest(image=image(), model=model))
    error = await failure(call)
    assert (type(error), error.reason) == (FailedPrecondition, "MODEL_NOT_INSTALLED")


class Captions:
    """Says how large a picture is."""

    models = ("tape measure", "ruler")

    async def describe(self, pixels: np.ndarray[Any, Any], model: str) -> Description:
        return Description(f"{pixels.shape} by {model}", [("flat", 0.5)])


async def test_an_installed_model_describes(start_server: StartServer) -> None:
    def captioned(backend: Backend) -> Backend:
        return replace(backend, captioner=Captions())

    async with start_server(change=captioned) as running:
        describe = stub(running).DescribeImage
        answers = [await describe(p.DescribeImageRequest(image=image(), model=model)) for model in ("", "ruler")]
        assert [answer.caption for answer in answers] == ["(20, 24, 3) by tape measure", "(20, 24, 3) by ruler"]
        assert answers[0].tags == [p.ImageTag(name="flat", confidence=0.5)]
        for wrong, kind in (({"model": "other"}, FailedPrecondition), ({"image": t.Image()}, InvalidArgument)):
            request = p.DescribeImageRequest(**{"image": image(), **wrong})  # type: ignore[arg-type]
            assert isinstance(await failure(describe(request)), kind)
