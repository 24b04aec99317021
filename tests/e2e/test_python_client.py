"""The pair as the Python client from the package index sees it: webuiapi, through a real socket, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import webuiapi  # type: ignore[import-untyped]
from PIL import Image, ImageChops

from tests.e2e.a1111_bodies import left_half, start
from tests.e2e.pair import Pair, served
from tests.e2e.processes import eventually

SMALL: dict[str, Any] = {"prompt": "a red circle", "seed": 7, "width": 64, "height": 64, "steps": 3, "cfg_scale": 5}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, model: tuple[str, ...]) -> Iterator[Pair]:
    with served(tmp_path_factory.mktemp("onnx"), "--engine=onnx", *model) as running:
        yield running


@pytest.fixture(scope="module")
def api(pair: Pair) -> Iterator[Any]:
    """Its client, with its own defaults: Euler a, eta 1."""
    client = webuiapi.WebUIApi(baseurl=f"{pair.url}/sdapi/v1")
    yield client
    client.session.close()


def test_txt2img_with_what_it_sends_of_its_own(api: Any) -> None:
    result = api.txt2img(**SMALL, scheduler="karras")
    assert (result.image.size, result.info["seed"], result.info["sampler_name"]) == ((64, 64), 7, "Euler a")
    assert result.parameters["eta"] == 1.0
    assert result.image.info["parameters"] == result.info["infotexts"][0]
    assert "Schedule type: Karras" in result.info["infotexts"][0]


def test_a_second_pass_as_it_asks_for_one(api: Any) -> None:
    asked = {"enable_hr": True, "hr_scale": 1.5, "hr_upscaler": webuiapi.HiResUpscaler.Latent}
    result = api.txt2img(**SMALL, **asked, denoising_strength=0.6)
    assert result.image.size == (96, 96)
    assert "Hires upscale: 1.5, " in result.info["infotexts"][0]


def test_img2img_from_a_picture_in_memory(api: Any) -> None:
    result = api.img2img(images=[start()], **SMALL, denoising_strength=0.5)
    assert (result.image.size, result.info["denoising_strength"]) == ((64, 64), 0.5)
    assert ImageChops.difference(result.image, start().convert("RGB")).getbbox() is not None


def test_what_its_mask_leaves_out_is_not_repainted(api: Any) -> None:
    result = api.img2img(images=[start()], mask_image=left_half(), inpaint_full_res=False, **SMALL)
    changed = ImageChops.difference(result.image, start().convert("RGB"))
    assert changed.crop((44, 0, 64, 64)).getbbox() is None
    assert changed.crop((0, 0, 20, 64)).getbbox() is not None


def test_options_are_set_and_read_back(api: Any) -> None:
    before = api.get_options()
    api.set_options({"CLIP_stop_at_last_layers": 2})
    made = api.txt2img(**SMALL)
    api.set_options(before)
    assert made.info["clip_skip"] == 2
    assert api.get_options() == before


def test_it_waits_for_its_turn_and_sees_progress(api: Any) -> None:
    with ThreadPoolExecutor() as pool:
        running = pool.submit(api.txt2img, **{**SMALL, "width": 256, "height": 256, "steps": 150})
        seen = eventually(lambda: (now := api.get_progress())["state"]["job_count"] == 1 and now, "progress")
        assert (seen["state"]["sampling_steps"], 0 < seen["progress"] <= 1) == (150, True)
        api.interrupt()
        assert running.result().image.size == (256, 256)
    api.util_wait_for_ready(check_interval=0.01)
    assert api.get_progress()["state"]["job_count"] == 0


def test_its_names_are_served(api: Any) -> None:
    samplers, schedulers = api.util_get_sampler_names(), api.util_get_scheduler_names()
    assert (len(samplers), len(schedulers)) == (20, 12)
    assert {"DPM++ 2M", "Euler a", "UniPC"} < set(samplers)
    assert api.util_get_current_model() in api.util_get_model_names()
    assert api.get_latent_upscale_modes()[0]["name"] == webuiapi.HiResUpscaler.Latent


def test_extras_and_png_info(api: Any) -> None:
    made = api.txt2img(**SMALL)
    larger = api.extra_single_image(image=made.image, upscaler_1=webuiapi.Upscaler.Lanczos, upscaling_resize=2)
    both = api.extra_batch_images(images=[made.image, start()], upscaler_1=webuiapi.Upscaler.Nearest)
    assert (larger.image.size, [image.size for image in both.images]) == ((128, 128), [(128, 128)] * 2)
    assert larger.image.getpixel((64, 64)) == made.image.resize((128, 128), Image.Resampling.LANCZOS).getpixel((64, 64))
    assert api.png_info(made.image).info == made.info["infotexts"][0]
