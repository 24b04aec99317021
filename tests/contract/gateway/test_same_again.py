"""A picture's infotext, sent back, makes the same picture: with the fake engine and with the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.contract.gate import Gate
from tests.contract.gateway.answers import info, pictures
from tests.contract.gateway.test_with_service import before
from tests.contract.serving import Serving, until

TXT2IMG, IMG2IMG = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
SMALL = {"prompt": "a red circle", "width": 64, "height": 64, "steps": 3, "seed": 7, "cfg_scale": 4.5}
HIRES = {"enable_hr": True, "denoising_strength": 0.5}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(grpc_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    async with before(grpc_server, tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": 'one, "two": (three:1.2)\nfour', "negative_prompt": "rain, [fog]"},
        {"sampler_name": "DPM++ 2M", "scheduler": "Karras"},
        {"sampler_name": "Euler a", "scheduler": "Exponential", "eta": 0.5},
        {"sampler_name": "DDIM", "eta": 0.25},
        {"subseed": 5, "subseed_strength": 0.25, "seed_resize_from_w": 96, "seed_resize_from_h": 128},
        {"override_settings": {"eta_noise_seed_delta": 31337}, "sampler_name": "Euler a"},
        {"override_settings": {"CLIP_stop_at_last_layers": 2, "emphasis": "No norm", "s_noise": 1.25, "rho": 5}},
        {"override_settings": {"always_discard_next_to_last_sigma": True, "pad_cond_uncond": True}, "s_churn": 2},
        {"scheduler": "Beta", "override_settings": {"beta_dist_alpha": 0.5, "use_old_scheduling": True}},
        {"sampler_name": "UniPC", "override_settings": {"uni_pc_order": 2, "uni_pc_lower_order_final": False}},
        {**HIRES, "hr_scale": 1.5, "hr_second_pass_steps": 2, "hr_upscaler": "Lanczos"},
        {**HIRES, "hr_resize_x": 96, "hr_resize_y": 128, "hr_prompt": "blue, too", "hr_negative_prompt": "dim"},
        {**HIRES, "sampler_name": "DPM++ 2M", "hr_sampler_name": "Euler a", "hr_scheduler": "Karras"},
        {**HIRES, "sampler_name": "Euler a", "scheduler": "Karras", "hr_sampler_name": "DPM++ 2M"},
        {"override_settings": {"add_model_name_to_info": False, "add_version_to_infotext": False}},
    ],
    ids=str,
)
async def test_an_infotext_makes_the_same_picture_again(gateway: httpx2.AsyncClient, asked: dict[str, Any]) -> None:
    first = await gateway.post(TXT2IMG, json={**SMALL, **asked})
    text = info(first)["infotexts"][0]
    omits = {name: value for name, value in asked.get("override_settings", {}).items() if name.startswith("add_")}
    again = await gateway.post(TXT2IMG, json={"infotext": text, "override_settings": omits})
    assert info(again)["infotexts"] == [text]
    assert again.json()["images"] == first.json()["images"]


async def test_a_part_can_be_repainted(gateway: httpx2.AsyncClient) -> None:
    start = (await gateway.post(TXT2IMG, json=SMALL)).json()["images"][0]
    settings = {"return_mask": True, "return_mask_composite": True}
    body = {**SMALL, "init_images": [start], "mask": start, "inpaint_full_res": False, "override_settings": settings}
    response = await gateway.post(IMG2IMG, json=body)
    assert [(picture.mode, picture.size) for picture in pictures(response)] == [
        *(("RGB", (64, 64)), ("RGB", (64, 64)), ("RGBA", (64, 64))),
    ]
    assert (len(info(response)["infotexts"]), "Mask blur: 4" in info(response)["infotexts"][0]) == (1, True)


async def test_a_second_pass_makes_a_larger_picture(gateway: httpx2.AsyncClient) -> None:
    response = await gateway.post(TXT2IMG, json={**SMALL, **HIRES})
    assert (pictures(response)[0].size, info(response)["width"]) == ((128, 128), 64)
    assert info(response)["denoising_strength"] == 0.5
    assert info(response)["extra_generation_params"]["Hires upscaler"] == "Latent"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({**HIRES, "hr_second_pass_steps": 999}, "hr_second_pass_steps"),
        ({**HIRES, "hr_scale": 99}, "hr_scale"),
        ({**HIRES, "hr_resize_x": 99_999}, "hr_resize_x"),
        ({**HIRES, "denoising_strength": 2}, "denoising_strength"),
        ({"refiner_checkpoint": "flatland", "refiner_switch_at": -1}, "refiner_switch_at"),
        ({"width": 7}, "width"),
    ],
)
async def test_values_out_of_range_are_told_by_the_names_of_the_request(
    gateway: httpx2.AsyncClient, asked: dict[str, Any], field: str
) -> None:
    models = (await gateway.get("/sdapi/v1/sd-models")).json()
    named = {"refiner_checkpoint": models[0]["title"]} if "refiner_checkpoint" in asked else {}
    response = await gateway.post(TXT2IMG, json={**SMALL, **asked, **named})
    found = {".".join(detail["loc"]): detail["msg"] for detail in response.json()["detail"]}
    assert (response.status_code, str(asked[field]) in found[f"body.{field}"]) == (422, True)


@pytest.mark.parametrize(
    ("url", "asked", "count"),
    [
        (TXT2IMG, {"script_name": "prompt matrix", "prompt": "a|b"}, 3),
        (TXT2IMG, {"script_name": "x/y/z plot", "script_args": ["Steps", "1-2", [], "Sampler", "Euler, DDIM"]}, 1),
        (TXT2IMG, {"script_name": "prompts from file or textbox", "script_args": [0, 0, "start", "a\nb"]}, 2),
        (IMG2IMG, {"script_name": "loopback", "script_args": [2]}, 3),
        (IMG2IMG, {"script_name": "sd upscale", "script_args": ["", 8, "Lanczos", 2.0]}, 1),
        (IMG2IMG, {"script_name": "outpainting mk2", "width": 128, "script_args": ["", 16, 2, ["right"]]}, 1),
    ],
)
async def test_every_script_runs(gateway: httpx2.AsyncClient, url: str, asked: dict[str, Any], count: int) -> None:
    start = (await gateway.post(TXT2IMG, json=SMALL)).json()["images"][0]
    response = await gateway.post(url, json={**SMALL, "init_images": [start], **asked})
    assert (response.status_code, len(pictures(response)), info(response)["warnings"]) == (200, count, [])


async def test_an_interrupt_ends_a_script_with_what_there_is(gated: Serving, gate: Gate, tmp_path: Path) -> None:
    lines = {"script_name": "prompts from file or textbox", "script_args": [0, 0, "start", "one\ntwo\nthree\nfour"]}
    body = {**SMALL, "steps": 3, "sampler_name": "Euler", "cfg_scale": 1, **lines}
    async with before(gated, tmp_path) as gateway:
        running = asyncio.create_task(gateway.post(TXT2IMG, json=body))
        gate.let(4)
        await until(lambda: gate.begun == 5)
        await gateway.post("/sdapi/v1/interrupt")
        gate.open()
        response = await running
    assert (response.status_code, len(pictures(response)), gate.begun) == (200, 2, 5)
    assert info(response)["all_prompts"] == ["one a red circle", "two a red circle"]
