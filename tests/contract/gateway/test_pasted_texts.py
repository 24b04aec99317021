"""Texts of pictures, sent back: A1111's are the request that made them, and ours make the same picture again."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx2 import AsyncClient

from gateway_svc.sdapi.pasted import filled_in
from gateway_svc.sdapi.schemas import Txt2ImgRequest
from latentwire import image_text, infotext
from tests.contract.gateway.answers import info
from tests.contract.gateway.test_with_service import before
from tests.contract.serving import Serving

TXT2IMG = "/sdapi/v1/txt2img"
SMALL = {"prompt": "a red circle", "steps": 3, "width": 64, "height": 64, "seed": 7, "cfg_scale": 5}
LONG = (
    "a (harbour:1.2) at dawn, [mist|rain]\nsecond line, <lora:soft:0.5>\n"
    "Negative prompt: blurry, (low quality:1.4)\nand this\n"
    "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 3735928559, Size: 512x768, "
    "Model hash: abababab12, Model: flatland, Variation seed: 11, Variation seed strength: 0.25, "
    "Seed resize from: 256x384, Denoising strength: 0.4, Clip skip: 2, ENSD: 31337, RNG: NV, "
    'Hires prompt: "a harbour, noon", Hires upscale: 1.5, Hires steps: 9, Hires upscaler: Latent (bicubic), '
    "Eta: 0.5, Sigma churn: 2.0, Refiner: other [cdcdcdcdcd], Refiner switch at: 0.8, Version: v1.10.1"
)
REQUEST = {
    "prompt": "a (harbour:1.2) at dawn, [mist|rain]\nsecond line, <lora:soft:0.5>",
    "negative_prompt": "blurry, (low quality:1.4)\nand this",
    "steps": 28,
    "sampler_name": "DPM++ 2M",
    "scheduler": "Karras",
    "cfg_scale": 6.5,
    "seed": 3735928559,
    "width": 512,
    "height": 768,
    "subseed": 11,
    "subseed_strength": 0.25,
    "seed_resize_from_w": 256,
    "seed_resize_from_h": 384,
    "denoising_strength": 0.4,
    "enable_hr": True,
    "hr_prompt": "a harbour, noon",
    "hr_scale": 1.5,
    "hr_second_pass_steps": 9,
    "hr_upscaler": "Latent (bicubic)",
    "refiner_checkpoint": "other [cdcdcdcdcd]",
    "refiner_switch_at": 0.8,
}
SETTINGS = {"CLIP_stop_at_last_layers": "2", "eta_noise_seed_delta": "31337", "randn_source": "NV", "s_churn": "2.0"}


def test_a_text_of_a1111_is_the_request_that_it_tells() -> None:
    request = filled_in(Txt2ImgRequest(infotext=LONG))
    assert {name: getattr(request, name) for name in REQUEST} == REQUEST
    assert request.override_settings is not None
    assert SETTINGS.items() <= request.override_settings.items()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(fake_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncClient]:
    async with before(fake_server, tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prompt": "größe (高さ:1.1) 🌊", "negative_prompt": "two\nlines: a, b"},
        {"prompt": 'Steps: 4, Sampler: "x", CFG scale: 9', "negative_prompt": "c"},
        {"sampler_name": "DPM++ 2M SDE", "scheduler": "Beta", "override_settings": {"beta_dist_alpha": 0.5}},
        {"sampler_name": "Euler a", "eta": 0.5, "override_settings": {"eta_noise_seed_delta": 31337}},
        {"sampler_name": "DDIM", "override_settings": {"eta_ddim": 0.75}},
        {"sampler_name": "Heun", "s_churn": 2.0, "s_tmin": 0.5, "s_tmax": 9.0, "s_noise": 1.01},
        {"sampler_name": "UniPC", "override_settings": {"uni_pc_variant": "bh2", "uni_pc_order": 2}},
        {"subseed": 3, "subseed_strength": 0.5, "seed_resize_from_w": 96, "seed_resize_from_h": 128},
        {"override_settings": {"CLIP_stop_at_last_layers": 2, "randn_source": "CPU", "emphasis": "No norm"}},
        {"scheduler": "Karras", "override_settings": {"sigma_min": 0.1, "sigma_max": 10.0, "rho": 5.0}},
        {"enable_hr": True, "denoising_strength": 0.5, "hr_scale": 1.5, "hr_upscaler": "Latent", "hr_prompt": "b, c"},
        {"enable_hr": True, "denoising_strength": 0.5, "hr_resize_x": 96, "hr_sampler_name": "Euler a"},
    ],
    ids=lambda changes: "+".join(changes) or "plain",
)
async def test_the_text_of_a_picture_alone_makes_it_again(gateway: AsyncClient, changes: dict[str, Any]) -> None:
    first = await gateway.post(TXT2IMG, json={**SMALL, **changes})
    text = image_text.read(base64.b64decode(first.json()["images"][0])).infotext
    again = await gateway.post(TXT2IMG, json={"infotext": text})
    assert info(again)["infotexts"] == [text]
    assert again.json()["images"] == first.json()["images"]


async def test_an_answer_names_the_parts_that_the_text_names(gateway: AsyncClient) -> None:
    answer = await gateway.post(TXT2IMG, json=SMALL)
    read = (await gateway.post("/sdapi/v1/png-info", json={"image": answer.json()["images"][0]})).json()
    assert read["info"] == info(answer)["infotexts"][0]
    assert read["parameters"] == infotext.complete(infotext.parse(read["info"]))
