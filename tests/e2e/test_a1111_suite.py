"""A1111's own 33 cases, through a real socket: the requests that it sends, and more than the status of the answers.

Four of them call functions of A1111 in its own process: two restore faces, two ask where a torch module lies. Here they
are what a client sees of the same: that no face restorer is listed and that none is pretended, and what executes the
model, on which device.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import grpc
import httpx2
import pytest
from PIL import Image, ImageChops

from latentwire import infotext
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1.model_service_pb2_grpc import ModelServiceStub
from tests.e2e import a1111_bodies as bodies
from tests.e2e.pair import Pair, opened, served
from tests.e2e.processes import PATIENCE_S

# 7860 where nothing else listens there, as in CI; any free port otherwise.
PORT = os.environ.get("A1111_SUITE_PORT", "0")
RUNNERS = {"fake": "fake", "onnx": "onnxruntime-cpu"}


@pytest.fixture(scope="module", params=list(RUNNERS))
def engine(request: pytest.FixtureRequest) -> str:
    """The engine under test."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def pair(engine: str, tmp_path_factory: pytest.TempPathFactory, model: tuple[str, ...]) -> Iterator[Pair]:
    """The pair on that engine."""
    flags = model if engine == "onnx" else ()
    with served(tmp_path_factory.mktemp(engine), f"--engine={engine}", f"--port={PORT}", *flags) as running:
        yield running


@pytest.fixture(scope="module")
def api(pair: Pair) -> Iterator[httpx2.Client]:
    """A client of its API."""
    with httpx2.Client(base_url=f"{pair.url}/sdapi/v1", timeout=PATIENCE_S) as client:
        yield client


def made(api: httpx2.Client, route: str, body: dict[str, Any]) -> tuple[list[Image.Image], dict[str, Any]]:
    """The pictures of an answer, decoded, and what it says of them."""
    answer = api.post(route, json=body)
    assert answer.status_code == 200, answer.text
    pictures = [opened(base64.b64decode(text)) for text in answer.json()["images"]]
    told: dict[str, Any] = json.loads(answer.json()["info"])
    assert [picture.info["parameters"] for picture in pictures] == told["infotexts"]
    return pictures, told


def enlarged(api: httpx2.Client, body: dict[str, Any]) -> tuple[Image.Image, httpx2.Response]:
    """The picture of an answer of the extras, decoded, and the answer."""
    answer = api.post("extra-single-image", json=body)
    assert answer.status_code == 200, answer.text
    return opened(base64.b64decode(answer.json()["image"])), answer


def difference(one: Image.Image, other: Image.Image, columns: tuple[int, int]) -> int:
    """The largest difference of a pixel in those columns."""
    box = (columns[0], 0, columns[1], one.height)
    changed = ImageChops.difference(one.convert("RGB").crop(box), other.convert("RGB").crop(box))
    return max(changed.tobytes())


class TestTxt2Img:
    """12 cases."""

    def test_a_picture_is_made(self, api: httpx2.Client) -> None:
        (picture,), told = made(api, "txt2img", bodies.txt2img())
        text = infotext.parse(told["infotexts"][0])
        assert (picture.format, picture.size, told["steps"], told["sampler_name"]) == ("PNG", (64, 64), 3, "Euler a")
        assert (text["Prompt"], text["Steps"], text["Sampler"], text["CFG scale"]) == (
            "a red circle",
            "3",
            "Euler a",
            "7.0",
        )
        assert told["seed"] == int(text["Seed"]) >= 0

    def test_a_negative_prompt_changes_the_picture_and_is_told(self, api: httpx2.Client) -> None:
        (plain,), _ = made(api, "txt2img", bodies.txt2img(seed=1))
        (other,), told = made(api, "txt2img", bodies.txt2img(seed=1, negative_prompt="a blue square"))
        assert infotext.parse(told["infotexts"][0])["Negative prompt"] == "a blue square"
        assert difference(plain, other, (0, 64)) > 0

    def test_a_prompt_with_weights_editing_and_alternation_is_kept_as_written(self, api: httpx2.Client) -> None:
        prompt = "((circle)), (red:1.1), [blue:1], [green::2], [day:night:0.3], [large|small]"
        (picture,), told = made(api, "txt2img", bodies.txt2img(prompt=prompt))
        assert (picture.size, told["prompt"]) == ((64, 64), prompt)
        assert infotext.parse(told["infotexts"][0])["Prompt"] == prompt

    def test_a_picture_need_not_be_square(self, api: httpx2.Client) -> None:
        (picture,), told = made(api, "txt2img", bodies.txt2img(height=128))
        assert (picture.size, told["width"], told["height"]) == ((64, 128), 64, 128)

    def test_a_second_pass_without_denoising_doubles_the_picture(self, api: httpx2.Client) -> None:
        (picture,), told = made(api, "txt2img", bodies.txt2img(enable_hr=True))
        text = infotext.parse(told["infotexts"][0])
        assert (picture.size, text["Hires upscale"], text["Hires upscaler"]) == ((128, 128), "2.0", "Latent")

    def test_tiling_is_done_or_said_to_be_left_out(self, api: httpx2.Client) -> None:
        (picture,), told = made(api, "txt2img", bodies.txt2img(tiling=True))
        done = not any(warning.startswith("tiling has no effect") for warning in told["warnings"])
        assert picture.size == (64, 64)
        assert not done or infotext.parse(told["infotexts"][0])["Tiling"] == "True"

    def test_faces_are_not_restored_and_the_answer_says_so(self, api: httpx2.Client) -> None:
        (picture,), told = made(api, "txt2img", bodies.txt2img(restore_faces=True))
        assert picture.size == (64, 64)
        assert "restore_faces was ignored: no face restorer is installed" in told["warnings"]

    @pytest.mark.parametrize("sampler", ["PLMS", "DDIM", "UniPC"])
    def test_samplers_of_its_own_kind_are_served_under_their_own_names(self, api: httpx2.Client, sampler: str) -> None:
        (picture,), told = made(api, "txt2img", bodies.txt2img(sampler_index=sampler))
        assert (picture.size, told["sampler_name"], told["warnings"]) == ((64, 64), sampler, [])
        assert infotext.parse(told["infotexts"][0])["Sampler"] == sampler

    @pytest.mark.parametrize("field", ["n_iter", "batch_size"])
    def test_two_pictures_have_two_seeds(self, api: httpx2.Client, field: str) -> None:
        pictures, told = made(api, "txt2img", bodies.txt2img(**{field: 2}))
        assert [picture.size for picture in pictures] == [(64, 64)] * 2
        assert told["all_seeds"] == [told["seed"], told["seed"] + 1]
        assert difference(pictures[0], pictures[1], (0, 64)) > 0


class TestImg2Img:
    """4 cases."""

    def test_a_picture_is_made_of_a_picture(self, api: httpx2.Client) -> None:
        (picture,), told = made(api, "img2img", bodies.img2img())
        assert (picture.size, told["denoising_strength"]) == ((64, 64), 0.75)
        assert difference(picture, bodies.start(), (0, 64)) > 0

    @pytest.mark.parametrize(
        ("inverted", "kept", "painted"),
        [(False, (44, 64), (0, 20)), (True, (0, 20), (44, 64))],
        ids=["mask", "inverted"],
    )
    def test_what_a_mask_leaves_out_stays_as_it_was(
        self, api: httpx2.Client, inverted: bool, kept: tuple[int, int], painted: tuple[int, int]
    ) -> None:
        mask = bodies.data_url(bodies.left_half())
        (picture,), _ = made(api, "img2img", bodies.img2img(mask=mask, inpainting_mask_invert=inverted))
        assert picture.size == (64, 64)
        assert difference(picture, bodies.start(), kept) == 0
        assert difference(picture, bodies.start(), painted) > 0

    def test_sd_upscale_doubles_the_picture(self, api: httpx2.Client) -> None:
        body = bodies.img2img(script_name="sd upscale", script_args=["", 8, "Lanczos", 2.0])
        (picture,), _ = made(api, "img2img", body)
        assert picture.size == (128, 128)
        assert difference(picture, bodies.start().resize((128, 128)), (0, 128)) > 0


class TestExtras:
    """3 cases: all three ask for extra-single-image, whatever they are called there."""

    def test_lanczos_doubles_a_picture_as_pillow_does(self, api: httpx2.Client) -> None:
        picture, answer = enlarged(api, bodies.extras())
        assert answer.json()["html_info"] == "<p>Postprocess upscale by: 2.0, Postprocess upscaler: Lanczos</p>"
        expected = bodies.start().convert("RGB").resize((128, 128), Image.Resampling.LANCZOS)
        assert (picture.size, difference(picture, expected, (0, 128))) == ((128, 128), 0)

    @pytest.mark.parametrize("more", [{}, {"model": "clip"}], ids=["image", "image and model"])
    def test_a_picture_with_nothing_to_do_comes_back_unchanged(self, api: httpx2.Client, more: dict[str, Any]) -> None:
        picture, _ = enlarged(api, {"image": bodies.data_url(bodies.start()), **more})
        assert (picture.size, difference(picture, bodies.start(), (0, 64))) == ((64, 64), 0)


class TestUtils:
    """1 and 9 cases."""

    def test_an_option_that_is_set_is_read_back_and_can_be_restored(self, api: httpx2.Client) -> None:
        before = api.get("options").json()["send_seed"]
        changed = api.post("options", json={"send_seed": not before})
        after = api.get("options").json()["send_seed"]
        api.post("options", json={"send_seed": before})
        assert (changed.status_code, changed.json(), after) == (200, None, not before)
        assert api.get("options").json()["send_seed"] is before

    @pytest.mark.parametrize(
        ("route", "shape"),
        [
            ("cmd-flags", {"api": True, "api_auth": None}),
            ("samplers", {"name": "Euler a", "aliases": ["k_euler_a", "k_euler_ancestral"]}),
            ("upscalers", {"name": "Lanczos", "model_url": None, "scale": 4.0}),
            ("sd-models", {"config": None}),
            ("hypernetworks", {}),
            ("face-restorers", {}),
            ("realesrgan-models", {}),
            ("prompt-styles", {}),
            ("embeddings", {"loaded": {}, "skipped": {}}),
        ],
    )
    def test_a_list_is_there_with_what_clients_look_for(
        self, api: httpx2.Client, route: str, shape: dict[str, Any]
    ) -> None:
        answer = api.get(route)
        found = answer.json() if isinstance(answer.json(), list) else [answer.json()]
        assert answer.status_code == 200
        assert any(shape.items() <= item.items() for item in found) or found == [] == list(shape)


class TestFaceRestorers:
    """2 cases, in A1111's own process: faces are restored. Here no restorer is installed, and that is told."""

    @pytest.mark.parametrize("restorer", ["gfpgan", "codeformer"])
    def test_no_restorer_is_pretended(self, api: httpx2.Client, restorer: str) -> None:
        picture, answer = enlarged(api, bodies.extras(upscaler_1="None", **{f"{restorer}_visibility": 1}))
        assert api.get("face-restorers").json() == []
        assert f"{restorer}_visibility" in answer.headers["X-Latentwire-Warning"]
        assert difference(picture, bodies.start(), (0, 64)) == 0


class TestTorchUtils:
    """2 cases, in A1111's own process: device and type of a torch module. Here: of the model, over gRPC and REST."""

    def test_the_model_says_what_executes_it(self, pair: Pair, engine: str) -> None:
        with grpc.insecure_channel(pair.grpc_address) as channel:
            models = ModelServiceStub(channel).ListModels(ms.ListModelsRequest(), timeout=PATIENCE_S).models
        assert [model.runner for model in models if model.is_default] == [RUNNERS[engine]]

    def test_memory_is_that_of_the_device_that_it_runs_on(self, api: httpx2.Client, engine: str) -> None:
        memory = api.get("memory").json()
        assert memory["ram"]["total"] == memory["ram"]["used"] + memory["ram"]["free"]
        assert (memory["ram"]["total"] > 0) == (engine == "onnx")
        assert memory["cuda"] == {"error": "unavailable"}
