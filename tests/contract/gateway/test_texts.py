"""Texts that come from elsewhere: styles, another picture's infotext, a picture's own."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.contract.gateway.answers import info
from tests.contract.gateway.scripted import Script

SMALL = {"width": 64, "height": 64}
PASTED = (
    "a blue barn\nNegative prompt: rain\nSteps: 11, Sampler: Euler a, Schedule type: Karras, CFG scale: 3.5, Seed: 99, "
    "Size: 96x72, Model hash: cdcdcdcdcd, Model: other, Clip skip: 2, Eta: 0.5, Variation seed: 5, "
    "Variation seed strength: 0.25"
)


async def test_styles_are_put_around_or_behind_the_prompts(
    client: httpx2.AsyncClient, script: Script, tmp_path: Path
) -> None:
    rows = 'name,prompt,negative_prompt\nframed,"a frame around {prompt}",\ndark,"dark, moody",bright\n,x,y\n'
    (tmp_path / "styles.csv").write_text(rows)
    listed = (await client.get("/sdapi/v1/prompt-styles")).json()
    body = {**SMALL, "prompt": "a barn", "styles": ["framed", "dark", "nobody's"]}
    response = await client.post("/sdapi/v1/txt2img", json=body)
    assert (script.request.prompt, script.request.negative_prompt) == ("a frame around a barn, dark, moody", "bright")
    assert info(response)["warnings"] == ['style "nobody\'s" is not known and was ignored']
    assert listed[0] == {"name": "framed", "prompt": "a frame around {prompt}", "negative_prompt": ""}


async def test_styles_of_several_files_are_divided(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "styles.csv").write_text("name,prompt,negative_prompt\ndark,moody,\n")
    (tmp_path / "styles_more.csv").write_text("name,prompt,negative_prompt\nlight,bright,dim\n")
    listed = (await client.get("/sdapi/v1/prompt-styles")).json()
    assert [style["name"].strip("-") for style in listed] == [" styles.csv ", "dark", " styles_more.csv ", "light"]
    assert [style["prompt"] for style in listed] == [None, "moody", None, "bright"]


async def test_an_infotext_fills_in_what_the_request_leaves_out(client: httpx2.AsyncClient, script: Script) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={"infotext": PASTED, "steps": 4})
    sent = script.request
    assert (sent.prompt, sent.negative_prompt, sent.sampling.steps) == ("a blue barn", "rain", 4)
    assert (sent.sampling.sampler, sent.sampling.scheduler, sent.sampling.eta) == ("Euler a", "karras", 0.5)
    assert (sent.width, sent.height, sent.guidance.scale, sent.noise.seed) == (96, 72, 3.5, 99)
    assert (sent.model, sent.prompts.clip_skip) == ("other", 2)
    assert (sent.noise.subseed, sent.noise.subseed_strength) == (5, 0.25)
    assert response.json()["parameters"]["sampler_name"] == "Euler a"


async def test_settings_of_the_request_go_before_those_of_the_infotext(
    client: httpx2.AsyncClient, script: Script
) -> None:
    body = {"infotext": PASTED, "override_settings": {"CLIP_stop_at_last_layers": 3}}
    await client.post("/sdapi/v1/txt2img", json=body)
    assert script.request.prompts.clip_skip == 3


async def test_img2img_takes_the_solver_from_an_infotext_and_not_the_prompt(
    client: httpx2.AsyncClient, script: Script
) -> None:
    body = {**SMALL, "infotext": PASTED, "init_images": [picture("")]}
    await client.post("/sdapi/v1/img2img", json=body)
    sent = script.request
    assert (sent.prompt, sent.width, sent.sampling.sampler, sent.noise.seed) == ("", 64, "Euler a", 99)


async def test_an_infotext_with_a_second_pass_asks_for_one(client: httpx2.AsyncClient, script: Script) -> None:
    second = ", Denoising strength: 0.5, Hires upscale: 1.5, Hires steps: 3, Hires upscaler: Lanczos"
    await client.post("/sdapi/v1/txt2img", json={"infotext": PASTED + second})
    hires = script.request.hires
    assert (hires.scale, hires.steps, hires.upscaler, hires.strength) == (1.5, 3, "Lanczos", 0.5)


async def test_an_infotext_that_makes_no_sense_names_the_field(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={"infotext": "a\nSteps: many, Seed: 1, Size: 8x8"})
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", "infotext", "steps"])


async def test_an_option_without_effect_is_said_where_it_is_set(client: httpx2.AsyncClient) -> None:
    body = {**SMALL, "override_settings": {"token_merging_ratio": 0.5}}
    warnings = info(await client.post("/sdapi/v1/txt2img", json=body))["warnings"]
    assert warnings == ["option token_merging_ratio has no effect here"]


async def test_a_request_can_not_reach_what_guards_the_server(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    settings = {"api_forbid_local_requests": False, "s_churn": 1}
    body = {**SMALL, "override_settings": settings, "override_settings_restore_afterwards": False}
    await client.post("/sdapi/v1/txt2img", json=body)
    assert (tmp_path / "options.json").read_text() == '{\n  "s_churn": 1.0\n}'


async def test_pictures_are_kept_below_the_data_folder_alone(client: httpx2.AsyncClient, script: Script) -> None:
    body = {**SMALL, "save_images": True, "override_settings": {"outdir_samples": "/etc"}}
    response = await client.post("/sdapi/v1/txt2img", json=body)
    assert (response.status_code, script.requests) == (422, [])


async def test_a_folder_that_can_not_be_written_is_refused_before_anything_is_made(
    client: httpx2.AsyncClient, script: Script, tmp_path: Path
) -> None:
    (tmp_path / "outputs").write_text("a file where the folder would be")
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "save_images": True})
    assert (response.status_code, response.json()["error"], script.requests) == (500, "NotADirectoryError", [])


def picture(text: str, kind: str = "PNG") -> str:
    file = io.BytesIO()
    image = Image.new("RGB", (64, 64))
    if kind == "PNG":
        data = PngInfo()
        data.add_text("parameters", text)
        data.add_text("note", "more")
        image.save(file, kind, pnginfo=data)
    else:
        image.save(file, kind)
    return b64encode(file.getvalue()).decode()


class TestPngInfo:
    URL = "/sdapi/v1/png-info"

    async def test_a_picture_tells_its_parameters(self, client: httpx2.AsyncClient) -> None:
        answer = (await client.post(self.URL, json={"image": picture(PASTED)})).json()
        assert (answer["info"], answer["items"]) == (PASTED, {"note": "more"})
        assert (answer["parameters"]["Prompt"], answer["parameters"]["Size-1"]) == ("a blue barn", "96")
        assert answer["parameters"]["RNG"] == "GPU"

    @pytest.mark.parametrize("name", ["png", "jpg", "webp"])
    async def test_what_the_gateway_writes_it_reads(self, client: httpx2.AsyncClient, name: str) -> None:
        body = {**SMALL, "prompt": "größe 日本", "override_settings": {"samples_format": name}}
        made = await client.post("/sdapi/v1/txt2img", json=body)
        answer = (await client.post(self.URL, json={"image": made.json()["images"][0]})).json()
        assert (answer["info"], answer["items"]) == (info(made)["infotexts"][0], {})

    async def test_a_picture_without_a_text_tells_nothing(self, client: httpx2.AsyncClient) -> None:
        answer = (await client.post(self.URL, json={"image": picture("", "JPEG")})).json()
        assert answer == {"info": "", "items": {}, "parameters": {}}

    async def test_what_is_no_picture_is_refused(self, client: httpx2.AsyncClient) -> None:
        for image in ("???", b64encode(b"no picture").decode()):
            response = await client.post(self.URL, json={"image": image})
            assert (response.status_code, response.json()["detail"]) == (500, "Invalid encoded image")

    async def test_the_picture_is_required(self, client: httpx2.AsyncClient) -> None:
        response = await client.post(self.URL, json={})
        assert response.json()["detail"] == [
            {"loc": ["body", "image"], "msg": "field required", "type": "value_error.missing"}
        ]
