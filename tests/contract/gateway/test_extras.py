"""Extras: larger pictures over A1111's API, with the fake engine and with the real one."""

from __future__ import annotations

import asyncio
import io
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inference_svc.engine import EngineSettings
from inference_svc.models import Catalog, Device, OnnxSettings
from inference_svc.real_captioners import find_captioners
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.captioning import Description
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.gateway.test_with_service import before
from tests.contract.serving import Serving, asked, until
from tests.contract.test_postprocessing import NETWORKS, PIXELS
from tools.flatland.render import render
from tools.flatland.scene import Single, Thing

SINGLE, BATCH, INTERROGATE = (
    f"/sdapi/v1/{name}" for name in ("extra-single-image", "extra-batch-images", "interrogate")
)


def file(kind: str = "PNG", **texts: str) -> str:
    """A picture of 24 by 20, in base64."""
    info, made = PngInfo(), io.BytesIO()
    for key, value in texts.items():
        info.add_text(key, value)
    Image.fromarray(PIXELS).save(made, kind, pnginfo=info)
    return b64encode(made.getvalue()).decode()


def opened(data: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(data)))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(grpc_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    async with before(grpc_server, tmp_path_factory.mktemp("data")) as client:
        yield client


async def made(gateway: httpx2.AsyncClient, **fields: Any) -> tuple[Image.Image, str]:
    """The picture and what was done to it."""
    response = await gateway.post(SINGLE, json={"image": file(), **fields})
    assert response.status_code == 200, response.text
    return opened(response.json()["image"]), response.json()["html_info"]


@pytest.mark.parametrize(
    ("fields", "size", "done"),
    [
        ({}, (24, 20), ""),
        ({"upscaler_1": "Lanczos"}, (48, 40), "Postprocess upscale by: 2.0, Postprocess upscaler: Lanczos"),
        (
            {"upscaler_1": "Nearest", "upscaling_resize": 1.5},
            (32, 24),
            "Postprocess upscale by: 1.5, Postprocess upscaler: Nearest",
        ),
        (
            {"upscaler_1": "Nearest", "resize_mode": 1, "upscaling_resize_w": 60, "upscaling_resize_h": 40},
            (60, 40),
            "Postprocess upscale to: 60x40, Postprocess crop to: 60x40, Postprocess upscaler: Nearest",
        ),
        (
            {
                "upscaler_1": "Nearest",
                "resize_mode": 1,
                "upscaling_resize_w": 60,
                "upscaling_resize_h": 40,
                "upscaling_crop": False,
                "upscaler_2": "Lanczos",
                "extras_upscaler_2_visibility": 0.25,
            },
            (60, 48),
            "Postprocess upscale to: 60x40, Postprocess upscaler: Nearest, Postprocess upscaler 2: Lanczos",
        ),
    ],
)
async def test_one_picture_is_made_larger_and_told_what_was_done(
    gateway: httpx2.AsyncClient, fields: dict[str, Any], size: tuple[int, int], done: str
) -> None:
    picture, html = await made(gateway, **fields)
    assert (picture.size, html, picture.info.get("postprocessing", "")) == (size, f"<p>{done}</p>", done)


async def test_a_network_is_used_by_its_listed_name(gateway: httpx2.AsyncClient, grpc_server: Serving) -> None:
    name = NETWORKS[grpc_server.backend.engine_name]
    listed = (await gateway.get("/sdapi/v1/upscalers")).json()
    assert [each["scale"] for each in listed if each["name"] == name] == [2.0]
    picture, _ = await made(gateway, upscaler_1=name)
    np.testing.assert_array_equal(np.asarray(picture), PIXELS.repeat(2, axis=0).repeat(2, axis=1))


async def test_no_upscaler_leaves_the_picture_as_it_is(gateway: httpx2.AsyncClient) -> None:
    picture, _ = await made(gateway, upscaler_1="None", upscaler_2="Lanczos", extras_upscaler_2_visibility=1)
    np.testing.assert_array_equal(np.asarray(picture), PIXELS)


def _translucent() -> str:
    """24 by 20, opaque on the left, clear on the right."""
    opacity = np.zeros((20, 24, 1), np.uint8)
    opacity[:, :12] = 255
    made = io.BytesIO()
    Image.fromarray(np.concatenate([PIXELS, opacity], axis=2)).save(made, "PNG")
    return b64encode(made.getvalue()).decode()


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"upscaler_1": "None"}, (24, 20)),
        ({"upscaler_1": "Nearest", "upscaler_2": "Lanczos", "extras_upscaler_2_visibility": 0.5}, (48, 40)),
        ({"upscaler_1": "Lanczos", "resize_mode": 1, "upscaling_resize_w": 60, "upscaling_resize_h": 40}, (60, 40)),
    ],
)
async def test_what_is_clear_stays_clear(
    gateway: httpx2.AsyncClient, fields: dict[str, Any], size: tuple[int, int]
) -> None:
    picture, _ = await made(gateway, image=_translucent(), **fields)
    corners = [np.asarray(picture)[0, x, 3] for x in (0, size[0] - 1)]
    assert (picture.mode, picture.size, corners) == ("RGBA", size, [255, 0])


async def test_a_format_without_transparency_holds_the_colours(gateway: httpx2.AsyncClient) -> None:
    await gateway.post("/sdapi/v1/options", json={"samples_format": "jpg"})
    picture, _ = await made(gateway, image=_translucent())
    await gateway.post("/sdapi/v1/options", json={"samples_format": "png"})
    assert (picture.format, picture.mode) == ("JPEG", "RGB")


async def test_the_texts_of_the_picture_are_kept(gateway: httpx2.AsyncClient) -> None:
    body = {"image": file(parameters="a hat\nSteps: 3", Source="mine"), "upscaler_1": "Lanczos"}
    picture = opened((await gateway.post(SINGLE, json=body)).json()["image"])
    done = "Postprocess upscale by: 2.0, Postprocess upscaler: Lanczos"
    assert picture.info == {"parameters": "a hat\nSteps: 3", "Source": "mine", "postprocessing": done}


async def test_the_files_are_as_the_options_say(gateway: httpx2.AsyncClient) -> None:
    wanted = {"samples_format": "jpg", "enable_pnginfo": False}
    await gateway.post("/sdapi/v1/options", json=wanted)
    picture, _ = await made(gateway, image=file(parameters="a hat"))
    await gateway.post("/sdapi/v1/options", json={"samples_format": "png", "enable_pnginfo": True})
    assert (picture.format, "exif" in picture.info) == ("JPEG", False)


async def test_several_pictures_come_back_in_their_order(gateway: httpx2.AsyncClient) -> None:
    small = b64encode(_png(np.zeros((8, 8, 3), np.uint8))).decode()
    images = [{"data": data, "name": str(n)} for n, data in enumerate((file(), small, file()))]
    response = await gateway.post(BATCH, json={"imageList": images, "upscaler_1": "Lanczos"})
    assert [opened(data).size for data in response.json()["images"]] == [(48, 40), (16, 16), (48, 40)]
    assert response.json()["html_info"] == "<p>Postprocess upscale by: 2.0, Postprocess upscaler: Lanczos</p>"


async def test_no_pictures_are_none(gateway: httpx2.AsyncClient) -> None:
    response = await gateway.post(BATCH, json={"imageList": []})
    assert (response.status_code, response.json()) == (200, {"html_info": "<p></p>", "images": []})


async def test_faces_are_left_alone_and_that_is_said(gateway: httpx2.AsyncClient) -> None:
    body = {"image": file(), "gfpgan_visibility": 1, "codeformer_visibility": 0.5, "codeformer_weight": 0.5}
    response = await gateway.post(SINGLE, json=body)
    assert response.headers["X-Latentwire-Warning"] == (
        "gfpgan_visibility was ignored: no face restorer is installed; "
        "codeformer_visibility was ignored: no face restorer is installed"
    )
    np.testing.assert_array_equal(np.asarray(opened(response.json()["image"])), PIXELS)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"upscaler_1": "Nobody 4x"}, "Nobody 4x"),
        ({"upscaler_1": ""}, ""),
        ({"upscaler_1": "Lanczos", "upscaler_2": "Nobody 4x"}, "Nobody 4x"),
        ({"upscaler_1": "Lanczos", "upscaler_2": ""}, ""),
    ],
)
async def test_an_upscaler_that_is_not_there_is_an_assertion_of_a1111_s(
    gateway: httpx2.AsyncClient, fields: dict[str, str], name: str
) -> None:
    response = await gateway.post(SINGLE, json={"image": file(), **fields})
    expected = {"error": "AssertionError", "detail": "", "body": "", "errors": f"could not find upscaler named {name}"}
    assert (response.status_code, response.json()) == (500, expected)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"resize_mode": 2}, "resize_mode"),
        ({"upscaling_resize": 0}, "upscaling_resize"),
        ({"upscaling_resize_w": 0}, "upscaling_resize_w"),
        ({"gfpgan_visibility": 1.5}, "gfpgan_visibility"),
        ({"codeformer_weight": -1}, "codeformer_weight"),
        ({"extras_upscaler_2_visibility": 2}, "extras_upscaler_2_visibility"),
        ({"upscaler_1": None}, "upscaler_1"),
        ({"upscaler_1": "Lanczos", "upscaling_resize": 1000}, "upscaling_resize"),
        ({"upscaler_1": "Lanczos", "upscaling_resize": 1e300}, "upscaling_resize"),
        ({"upscaler_1": "Lanczos", "resize_mode": 1, "upscaling_resize_w": 60_000}, "upscaling_resize_w"),
        ({"upscaler_1": "Lanczos", "resize_mode": 1, "upscaling_resize_h": 10**6}, "upscaling_resize_h"),
    ],
)
async def test_what_is_out_of_range_is_told_by_field(
    gateway: httpx2.AsyncClient, fields: dict[str, Any], field: str
) -> None:
    response = await gateway.post(SINGLE, json={"image": file(), **fields})
    assert (response.status_code, [detail["loc"] for detail in response.json()["detail"]]) == (422, [["body", field]])


@pytest.mark.parametrize("image", ["", "no base64", b64encode(b"no picture").decode(), file()[:100]])
async def test_what_is_no_picture_is_refused_in_a1111_s_words(gateway: httpx2.AsyncClient, image: str) -> None:
    response = await gateway.post(SINGLE, json={"image": image, "upscaler_1": "Lanczos"})
    assert (response.status_code, response.json()["detail"]) == (500, "Invalid encoded image")


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({}, 404, "Image not found"),
        ({"image": ""}, 404, "Image not found"),
        ({"image": None}, 404, "Image not found"),
        ({"image": file(), "model": "nobody"}, 404, "Model not found"),
        ({"image": file(), "model": "clip"}, 404, "Model not found"),
        ({"image": file(), "model": "deepdanbooru"}, 404, "Model not found"),
        ({"image": "no base64"}, 500, "Invalid encoded image"),
    ],
)
async def test_nothing_is_said_of_a_picture_where_nothing_is_known(
    gateway: httpx2.AsyncClient, body: dict[str, Any], status: int, detail: str
) -> None:
    response = await gateway.post(INTERROGATE, json=body)
    assert (response.status_code, response.json()["detail"]) == (status, detail)


class Captions:
    """Says how large a picture is, or lists it."""

    models = ("clip", "deepdanbooru")

    async def describe(self, pixels: np.ndarray[Any, Any], model: str) -> Description:
        height, width, _ = pixels.shape
        return Description(f"{width}x{height}") if model == "clip" else Description("", [("flat", 0.9), ("small", 0.8)])


async def test_an_installed_model_describes(
    start_server: StartServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def captioned(backend: Backend) -> Backend:
        return replace(backend, captioner=Captions())

    async with start_server(change=captioned) as running, before(running, tmp_path_factory.mktemp("data")) as gateway:
        bodies = [{"image": file(), "model": model} for model in ("clip", "deepdanbooru")]
        answers = [(await gateway.post(INTERROGATE, json=body)).json() for body in bodies]
        wrong = await gateway.post(INTERROGATE, json={"image": b64encode(_png(PIXELS)[:-400]).decode()})
    assert answers == [{"caption": "24x20"}, {"caption": "flat, small"}]
    assert (wrong.status_code, wrong.json()["detail"]) == (500, "Invalid encoded image")


async def test_the_embedded_model_says_what_pictures_of_its_world_show(
    start_server: StartServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    embedded = find_captioners(Catalog(), Device("cpu"), OnnxSettings())
    shown = _png(np.asarray(render(Single(Thing("heart", "red"), "medium", "white"))))
    async with (
        start_server(change=lambda backend: replace(backend, captioner=embedded)) as running,
        before(running, tmp_path_factory.mktemp("data")) as gateway,
    ):
        answer = await gateway.post(INTERROGATE, json={"image": b64encode(shown).decode(), "model": "clip"})
    assert (answer.status_code, answer.json()) == (200, {"caption": "a red heart on a white background"})


@pytest.fixture
async def held(start_server: StartServer, gate: Gate) -> AsyncIterator[Serving]:
    """A server whose one place is taken by a generation of nobody's that the gate holds."""
    async with start_server(EngineSettings(max_running=1), around=gate.before) as running:
        call = running.generation.GenerateImage(asked("runs", steps=1))
        await until(lambda: gate.begun == 1)
        yield running
        gate.open()
        assert [event async for event in call][-1].HasField("completed")


async def test_progress_shows_the_job_and_interrupt_ends_it(
    held: Serving, gate: Gate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with before(held, tmp_path_factory.mktemp("data")) as gateway:
        images = [{"data": file(), "name": name} for name in "ab"]
        asking = asyncio.create_task(gateway.post(BATCH, json={"imageList": images, "upscaler_1": "Lanczos"}))
        await until(lambda: held.backend.engine.counts() == (1, 1))
        assert (await gateway.get("/sdapi/v1/progress")).json()["state"]["job"] == "extras"
        assert (await gateway.post("/sdapi/v1/interrupt")).json() == {}
        gate.open()
        response = await asking
    assert (response.status_code, response.json()["images"]) == (200, [])


async def test_a_single_picture_that_is_interrupted_before_it_began_is_an_error(
    held: Serving, gate: Gate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with before(held, tmp_path_factory.mktemp("data")) as gateway:
        asking = asyncio.create_task(gateway.post(SINGLE, json={"image": file(), "upscaler_1": "Lanczos"}))
        await until(lambda: held.backend.engine.counts() == (1, 1))
        await gateway.post("/sdapi/v1/interrupt")
        gate.open()
        response = await asking
    assert (response.status_code, response.json()["errors"]) == (500, "interrupted before the picture was begun")


def _png(pixels: Any) -> bytes:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()
