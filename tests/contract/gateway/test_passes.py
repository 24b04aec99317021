"""Repainting, the second pass and the refiner, as they reach the inference service."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

import httpx2
import pytest
from PIL import Image

from latentwire.v1 import generation_service_pb2 as gs
from tests.contract.gateway.answers import info, pictures
from tests.contract.gateway.scripted import Script, pixels

TXT2IMG, IMG2IMG = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
SMALL = {"prompt": "a red house", "width": 64, "height": 64, "steps": 4, "seed": 7}


def png(colour: str = "white") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


MASKED = {**SMALL, "init_images": [b64encode(png("red")).decode()], "mask": b64encode(png()).decode()}


async def test_a_mask_goes_with_a1111s_defaults(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post(IMG2IMG, json=MASKED)
    part = script.request.inpaint
    assert (part.mask.data, part.blur_x, part.blur_y, part.invert, part.fill) == (png(), 4, 4, False, gs.MASK_FILL_FILL)
    assert (part.only_masked, part.only_masked_padding, part.overlay, part.round) == (True, 0, True, True)
    assert (part.conditioning_weight, part.return_mask, part.return_composite) == (1.0, False, False)


async def test_how_a_part_is_repainted_comes_from_request_and_options(
    client: httpx2.AsyncClient, script: Script
) -> None:
    asked = {"mask_blur": 9, "mask_blur_x": 3, "inpainting_mask_invert": 1, "inpainting_fill": 2, "mask_round": False}
    asked |= {"inpaint_full_res": False, "inpaint_full_res_padding": 16}
    settings = {"overlay_inpaint": False, "inpainting_mask_weight": 0.5}
    await client.post(IMG2IMG, json={**MASKED, **asked, "override_settings": settings})
    part = script.request.inpaint
    assert (part.blur_x, part.blur_y, part.invert, part.fill) == (9, 9, True, gs.MASK_FILL_LATENT_NOISE)
    assert (part.only_masked, part.only_masked_padding, part.overlay, part.round) == (False, 16, False, False)
    assert part.conditioning_weight == 0.5


async def test_each_axis_may_have_its_own_blur(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post(IMG2IMG, json={**MASKED, "mask_blur_x": 0, "mask_blur_y": 7})
    assert (script.request.inpaint.blur_x, script.request.inpaint.blur_y) == (0, 7)


async def test_without_a_mask_nothing_is_repainted(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post(IMG2IMG, json={**MASKED, "mask": None})
    assert not script.request.HasField("inpaint")


async def test_masks_and_repainted_parts_follow_their_results(client: httpx2.AsyncClient) -> None:
    settings = {"return_mask": True, "return_mask_composite": True}
    response = await client.post(IMG2IMG, json={**MASKED, "batch_size": 2, "override_settings": settings})
    found = pictures(response)
    assert [picture.mode for picture in found] == ["RGB", "RGB", "RGBA"] * 2
    assert [picture.tobytes() for picture in found[::3]] == [pixels(7, 64, 64), pixels(8, 64, 64)]
    assert (found[1].getpixel((0, 0)), found[1].info) == ((255, 255, 255), {})
    assert ["Seed: " in text for text in info(response)["infotexts"]] == [True, True]


async def test_an_unknown_filling_is_said(client: httpx2.AsyncClient, script: Script) -> None:
    response = await client.post(IMG2IMG, json={**MASKED, "inpainting_fill": 9})
    assert script.request.inpaint.fill == gs.MASK_FILL_FILL
    assert info(response)["warnings"] == ["inpainting_fill 9 is not known: 0 was used"]


@pytest.mark.parametrize(
    ("name", "used", "warned"),
    [("Lanczos", "", False), ("None", "", False), ("Photo 2x", "Photo 2x", False), ("Latent", "", True)],
)
async def test_input_pictures_are_fitted_by_an_upscaler_that_is_there(
    client: httpx2.AsyncClient, script: Script, *, name: str, used: str, warned: bool
) -> None:
    response = await client.post(IMG2IMG, json={**MASKED, "override_settings": {"upscaler_for_img2img": name}})
    assert (script.request.init.upscaler, bool(info(response)["warnings"])) == (used, warned)


async def test_a_second_pass_goes_with_a1111s_defaults(client: httpx2.AsyncClient, script: Script) -> None:
    response = await client.post(TXT2IMG, json={**SMALL, "enable_hr": True, "denoising_strength": 0})
    expected = gs.HiresPass(scale=2.0, upscaler="Latent", strength=0.0)
    assert (script.request.hires, info(response)["denoising_strength"]) == (expected, 0.0)
    assert info(response)["warnings"] == []


async def test_a_second_pass_without_a_strength_takes_the_services(client: httpx2.AsyncClient, script: Script) -> None:
    response = await client.post(TXT2IMG, json={**SMALL, "enable_hr": True})
    assert not script.request.hires.HasField("strength")
    assert info(response)["warnings"] == ["denoising_strength was not given: 0.7 was used for the second pass"]


async def test_how_the_second_pass_goes_comes_from_the_request(client: httpx2.AsyncClient, script: Script) -> None:
    asked = {"hr_resize_x": 132, "hr_upscaler": "Lanczos", "hr_second_pass_steps": 9, "hr_checkpoint_name": "othe"}
    asked |= {"hr_sampler_name": "DDIM", "hr_scheduler": "Karras", "hr_prompt": "two # x", "hr_negative_prompt": "dim"}
    settings = {"eta_ddim": 0.5}
    body = {**SMALL, "enable_hr": True, "denoising_strength": 0.5, **asked, "override_settings": settings}
    response = await client.post(TXT2IMG, json=body)
    hires = script.request.hires
    assert (hires.HasField("scale"), hires.width, hires.height, hires.upscaler) == (False, 128, 0, "Lanczos")
    assert (hires.steps, hires.model, hires.prompt, hires.negative_prompt) == (9, "other", "two ", "dim")
    assert (hires.sampling.sampler, hires.sampling.scheduler, hires.sampling.eta) == ("DDIM", "karras", 0.5)
    assert info(response)["warnings"] == ["hr_resize 132x0 was floored to 128x0"]


@pytest.mark.parametrize("same", [None, "", "Use same sampler", "Euler"])
async def test_a_second_pass_with_the_same_solver_says_so(
    client: httpx2.AsyncClient, script: Script, same: str | None
) -> None:
    asked = {"hr_sampler_name": same, "hr_scheduler": "Use same scheduler", "hr_checkpoint_name": "Use same checkpoint"}
    await client.post(TXT2IMG, json={**SMALL, "enable_hr": True, **asked})
    assert (script.request.hires.HasField("sampling"), script.request.hires.model) == (False, "")


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"hr_upscaler": "big"}, "Exception", "could not find upscaler named big"),
        ({"hr_sampler_name": "k_euler"}, "AssertionError", "bad sampler name: k_euler"),
        ({"hr_checkpoint_name": "none such"}, "Exception", "Could not find checkpoint with name none such"),
        ({"refiner_checkpoint": "none such"}, "Exception", "Could not find checkpoint with name none such"),
    ],
)
async def test_names_that_are_not_there_are_told_in_a1111s_words(
    client: httpx2.AsyncClient, asked: dict[str, Any], error: str, text: str
) -> None:
    response = await client.post(TXT2IMG, json={**SMALL, "enable_hr": True, **asked})
    assert response.status_code == 500
    assert response.json() == {"error": error, "detail": "", "body": "", "errors": text}


@pytest.mark.parametrize(
    ("asked", "settings", "expected"),
    [
        ({"refiner_switch_at": 0.75}, {}, gs.REFINER_PASS_SECOND),
        ({"refiner_switch_at": 0.75}, {"hires_fix_refiner_pass": "both passes"}, gs.REFINER_PASS_BOTH),
        ({"refiner_switch_at": 0.75}, {"hires_fix_refiner_pass": "first pass"}, gs.REFINER_PASS_FIRST),
    ],
)
async def test_a_refiner_takes_over(
    client: httpx2.AsyncClient, script: Script, asked: dict[str, Any], settings: dict[str, Any], expected: int
) -> None:
    body = {**SMALL, "refiner_checkpoint": "other [cdcdcdcdcd]", **asked, "override_settings": settings}
    await client.post(TXT2IMG, json=body)
    refiner = script.request.refiner
    assert (refiner.model, refiner.switch_at, getattr(refiner, "pass")) == ("other", 0.75, expected)


@pytest.mark.parametrize(
    "asked",
    [{"refiner_checkpoint": "None", "refiner_switch_at": 0.5}, {"refiner_checkpoint": "x", "refiner_switch_at": 1}, {}],
)
async def test_there_is_no_refiner_where_none_would_take_over(
    client: httpx2.AsyncClient, script: Script, asked: dict[str, Any]
) -> None:
    await client.post(TXT2IMG, json={**SMALL, **asked})
    assert not script.request.HasField("refiner")


async def test_solvers_get_their_own_options_and_others_do_not(client: httpx2.AsyncClient, script: Script) -> None:
    settings = {"uni_pc_order": 2, "uni_pc_variant": "bh2", "uni_pc_lower_order_final": False, "beta_dist_alpha": 0.25}
    settings |= {"use_old_karras_scheduler_sigmas": True, "use_old_scheduling": True, "pad_cond_uncond": True}
    body = {**SMALL, "override_settings": settings, "sampler_name": "UniPC", "scheduler": "Beta"}
    await client.post(TXT2IMG, json=body)
    sent = script.request
    assert (sent.sampling.uni_pc.variant, sent.sampling.uni_pc.order, sent.sampling.uni_pc.lower_order_final) == (
        *("bh2", 2),
        False,
    )
    assert (sent.sampling.beta_alpha, sent.sampling.beta_beta, sent.sampling.old_karras_range) == (0.25, 0.6, True)
    assert (sent.prompts.old_editing, sent.prompts.pad_uncond) == (True, True)
    await client.post(TXT2IMG, json={**SMALL, "override_settings": settings})
    assert not script.request.sampling.HasField("uni_pc")
    assert not script.request.sampling.HasField("beta_alpha")


async def test_options_leave_keys_out_of_the_infotext(client: httpx2.AsyncClient, script: Script) -> None:
    settings = {"add_model_name_to_info": False, "add_version_to_infotext": False}
    await client.post(TXT2IMG, json={**SMALL, "override_settings": settings})
    assert list(script.request.infotext_omit) == ["Model", "Version"]


class TestScriptsThatAlwaysRun:
    async def test_their_arguments_say_what_fields_do(self, client: httpx2.AsyncClient, script: Script) -> None:
        scripts = {
            "Refiner": {"args": [True, "other", 0.5]},
            "seed": {"args": [2**32, True, 5, 0.25, 96, 72]},
            "sampler": {"args": [9, "Euler a", "Karras"]},
        }
        await client.post(TXT2IMG, json={"prompt": "a", "alwayson_scripts": scripts})
        sent = script.request
        assert (sent.refiner.model, sent.refiner.switch_at, sent.sampling.steps) == ("other", 0.5, 9)
        assert (sent.sampling.sampler, sent.sampling.scheduler, sent.noise.seed) == ("Euler a", "karras", 2**32)
        assert (sent.noise.subseed, sent.noise.subseed_strength, sent.noise.resize_from_width) == (5, 0.25, 96)

    async def test_fields_of_the_request_go_before_them(self, client: httpx2.AsyncClient, script: Script) -> None:
        await client.post(TXT2IMG, json={**SMALL, "alwayson_scripts": {"sampler": {"args": [9, "Euler a"]}}})
        assert (script.request.sampling.steps, script.request.sampling.sampler) == (4, "Euler a")

    @pytest.mark.parametrize("entry", [{}, {"args": []}, {"args": None}, None])
    async def test_without_arguments_they_do_nothing(
        self, client: httpx2.AsyncClient, script: Script, entry: object
    ) -> None:
        response = await client.post(TXT2IMG, json={**SMALL, "alwayson_scripts": {"refiner": entry, "comments": entry}})
        assert (response.status_code, script.request.HasField("refiner")) == (200, False)

    async def test_what_has_no_effect_is_said(self, client: httpx2.AsyncClient) -> None:
        body = {**MASKED, "alwayson_scripts": {"soft inpainting": {"args": [True, 1, 0.5]}}}
        response = await client.post(IMG2IMG, json=body)
        assert info(response)["warnings"] == ["always on script Soft Inpainting has no effect here"]

    @pytest.mark.parametrize(
        ("entry", "where", "text"),
        [
            ({"args": ["perhaps"]}, "alwayson_scripts.refiner.args[0]", "Refiner: 'perhaps' is not allowed"),
            ({"args": [True, "x", 2]}, "alwayson_scripts.refiner.args[2]", "Switch at: 2 is not allowed"),
            ({"args": "all"}, "alwayson_scripts.refiner.args", "'all' is not allowed"),
            (5, "alwayson_scripts.refiner", "5 is not allowed"),
        ],
    )
    async def test_what_makes_no_sense_names_the_argument(
        self, client: httpx2.AsyncClient, entry: object, where: str, text: str
    ) -> None:
        response = await client.post(TXT2IMG, json={**SMALL, "alwayson_scripts": {"refiner": entry}})
        detail = response.json()["detail"][0]
        assert (response.status_code, ".".join(detail["loc"])) == (422, f"body.{where}")
        assert detail["msg"].startswith(text)
