from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from PIL import Image

from latentwire import infotext
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types
from tests.contract.gateway.answers import info, pictures
from tests.contract.gateway.scripted import SHA256, Script, pixels

SMALL = {"prompt": "a red house", "width": 72, "height": 64, "steps": 4, "seed": 7}


async def test_a_prompt_becomes_a_png_with_the_pixels_that_the_service_sent(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/txt2img", json=SMALL)
    picture = pictures(response)[0]
    assert (response.status_code, picture.format, picture.size) == (200, "PNG", (72, 64))
    assert picture.tobytes() == pixels(7, 72, 64)


async def test_the_defaults_are_a1111s(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={})
    sent = script.request
    assert (sent.width, sent.height, sent.batch_size, sent.batch_count) == (512, 512, 1, 1)
    assert (sent.sampling.sampler, sent.sampling.scheduler, sent.sampling.steps) == ("Euler", "automatic", 50)
    assert (sent.guidance.scale, sent.noise.HasField("seed"), sent.noise.source) == (7.0, False, "nv")
    assert (sent.task.kind, sent.task.owner, sent.task.count) == ("txt2img", "", 1)
    assert sent.output.format == types.IMAGE_FORMAT_RAW_RGB
    assert not sent.HasField("init")


async def test_null_stands_for_the_default_and_stays_null_in_the_echo(
    client: httpx2.AsyncClient, script: Script
) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "steps": None, "prompt": None, "seed": None})
    echo = response.json()["parameters"]
    assert (script.request.sampling.steps, script.request.prompt) == (50, "")
    assert (echo["steps"], echo["prompt"], echo["seed"], echo["sampler_index"]) == (None, None, None, "Euler")


async def test_the_echo_has_every_field_with_its_default(client: httpx2.AsyncClient) -> None:
    echo = (await client.post("/sdapi/v1/txt2img", json={**SMALL, "no_such_field": 1})).json()["parameters"]
    assert "no_such_field" not in echo
    assert (echo["cfg_scale"], echo["sampler_name"], echo["alwayson_scripts"], echo["hr_scale"]) == (7.0, None, {}, 2.0)


async def test_clients_of_pydantic_1_are_understood(client: httpx2.AsyncClient, script: Script) -> None:
    loose = {"prompt": 5, "steps": "5", "width": 72.9, "cfg_scale": "6.5", "batch_size": True, "styles": [7]}
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, **loose})
    sent = script.request
    assert (sent.prompt, sent.sampling.steps, sent.width, sent.guidance.scale, sent.batch_size) == ("5", 5, 72, 6.5, 1)
    assert info(response)["styles"] == ["7"]


async def test_pictures_are_in_the_order_of_their_seeds_however_they_finish(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.backwards = True
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "batch_size": 3})
    assert [picture.tobytes() for picture in pictures(response)] == [pixels(seed, 72, 64) for seed in (7, 8, 9)]
    assert ["Seed: 7" in text for text in info(response)["infotexts"]] == [True, False, False]


async def test_a_batch_comes_in_order_with_consecutive_seeds(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "batch_size": 2, "n_iter": 2})
    found = info(response)
    assert [picture.tobytes() for picture in pictures(response)] == [pixels(seed, 72, 64) for seed in (7, 8, 9, 10)]
    assert (found["seed"], found["all_seeds"], found["all_prompts"]) == (7, [7, 8, 9, 10], ["a red house"] * 4)


async def test_the_infotext_is_in_the_file_and_in_the_info(client: httpx2.AsyncClient) -> None:
    response = await client.post(
        "/sdapi/v1/txt2img", json={**SMALL, "negative_prompt": "rain", "sampler_index": "Euler a"}
    )
    text = pictures(response)[0].info["parameters"]
    parsed = infotext.parse(text)
    assert info(response)["infotexts"] == [text]
    assert (parsed["Prompt"], parsed["Negative prompt"], parsed["Sampler"]) == ("a red house", "rain", "Euler a")
    assert (parsed["Size-1"], parsed["Seed"], parsed["CFG scale"], parsed["Model"]) == ("72", "7", "7.0", "flatland")


async def test_the_services_own_infotext_is_taken(client: httpx2.AsyncClient, script: Script) -> None:
    script.infotext = "a — ä 🙂\nSteps: 4, Seed: 7, Note: x"
    response = await client.post("/sdapi/v1/txt2img", json=SMALL)
    assert pictures(response)[0].info["parameters"] == script.infotext
    assert info(response)["extra_generation_params"] == {"Note": "x"}


async def test_without_pnginfo_the_file_tells_nothing(client: httpx2.AsyncClient) -> None:
    body = {**SMALL, "override_settings": {"enable_pnginfo": False}}
    response = await client.post("/sdapi/v1/txt2img", json=body)
    assert pictures(response)[0].info == {}
    assert info(response)["infotexts"][0].startswith("a red house")


@pytest.mark.parametrize(("name", "kind"), [("jpg", "JPEG"), ("jpeg", "JPEG"), ("webp", "WEBP"), ("PNG", "PNG")])
async def test_pictures_come_in_the_format_that_the_options_name(
    client: httpx2.AsyncClient, name: str, kind: str
) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "override_settings": {"samples_format": name}})
    assert pictures(response)[0].format == kind


@pytest.mark.parametrize("name", ["jpg", "webp"])
async def test_jpeg_and_webp_carry_the_infotext_in_exif(client: httpx2.AsyncClient, name: str) -> None:
    body = {**SMALL, "prompt": "größe", "override_settings": {"samples_format": name}}
    response = await client.post("/sdapi/v1/txt2img", json=body)
    comment = pictures(response)[0].getexif().get_ifd(0x8769)[0x9286]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == info(response)["infotexts"][0]


async def test_the_info_has_every_key_of_a1111(client: httpx2.AsyncClient) -> None:
    found = info(await client.post("/sdapi/v1/txt2img", json=SMALL))
    assert set(found) == {
        *("prompt", "all_prompts", "negative_prompt", "all_negative_prompts", "seed", "all_seeds", "subseed"),
        *("all_subseeds", "subseed_strength", "width", "height", "sampler_name", "cfg_scale", "steps", "batch_size"),
        *("restore_faces", "face_restoration_model", "sd_model_name", "sd_model_hash", "sd_vae_name", "sd_vae_hash"),
        *("seed_resize_from_w", "seed_resize_from_h", "denoising_strength", "extra_generation_params"),
        *("index_of_first_image", "infotexts", "styles", "job_timestamp", "clip_skip", "version"),
        *("is_using_inpainting_conditioning", "warnings"),
    }
    assert (found["sd_model_name"], found["sd_model_hash"], len(found["job_timestamp"])) == (
        "flatland",
        SHA256[:10],
        14,
    )


@pytest.mark.parametrize(
    ("asked", "sampler", "scheduler", "warned"),
    [
        ({"sampler_name": "DPM++ 2M Karras"}, "DPM++ 2M", "automatic", False),
        ({"sampler_name": "DPM2 a Exponential"}, "DPM2 a", "exponential", False),
        ({"sampler_name": "Euler SGM Uniform"}, "Euler", "sgm_uniform", False),
        ({"sampler_name": "Euler Karras", "scheduler": "Exponential"}, "Euler", "exponential", False),
        ({"sampler_name": "", "sampler_index": "DDIM"}, "DDIM", "automatic", False),
        ({"sampler_name": "k_euler_a"}, "DPM++ 2M", "automatic", True),
        ({"sampler_name": "euler"}, "DPM++ 2M", "automatic", True),
        ({"scheduler": "nonsense"}, "Euler", "automatic", True),
    ],
)
async def test_samplers_are_found_as_a1111_finds_them(
    client: httpx2.AsyncClient, script: Script, asked: dict[str, str], sampler: str, scheduler: str, warned: bool
) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, **asked})
    assert (script.request.sampling.sampler, script.request.sampling.scheduler) == (sampler, scheduler)
    assert ("X-Latentwire-Warning" in response.headers, bool(info(response)["warnings"])) == (warned, warned)


async def test_a_size_is_floored_and_that_is_said(client: httpx2.AsyncClient, script: Script) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "width": 79, "height": 70})
    assert (script.request.width, script.request.height) == (72, 64)
    assert info(response)["warnings"] == ["size 79x70 was floored to 72x64"]
    assert response.headers["X-Latentwire-Warning"] == "size 79x70 was floored to 72x64"


async def test_what_the_service_changed_is_said_too_but_not_in_the_infotext(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.warnings = ("größe\nchanged",)
    response = await client.post("/sdapi/v1/txt2img", json=SMALL)
    assert info(response)["warnings"] == ["größe\nchanged"]
    assert response.headers["X-Latentwire-Warning"] == "gr\\xf6\\xdfe changed"
    assert "changed" not in pictures(response)[0].info["parameters"]


async def test_what_can_not_be_done_but_is_harmless_is_said(client: httpx2.AsyncClient) -> None:
    settings = {"sd_model_checkpoint": "nobody", "emphasis": "loud", "randn_source": "dice", "sd_vae": "x.pt"}
    settings |= {"live_previews_image_format": "bmp"}
    body = {**SMALL, "restore_faces": True, "styles": ["mine"], "override_settings": settings}
    warnings = info(await client.post("/sdapi/v1/txt2img", json=body))["warnings"]
    for word in ("restore_faces", "mine", "nobody", "loud", "dice", "x.pt", "bmp"):
        assert any(word in warning for warning in warnings)


async def test_the_fake_says_so(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/txt2img", json=SMALL)
    assert response.headers["X-Latentwire-Engine"] == "fake"


async def test_seeds_use_all_64_bits(client: httpx2.AsyncClient, script: Script) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "seed": 2**64 - 1, "subseed": -5})
    assert (script.request.noise.seed, script.request.noise.subseed) == (-1, -5)
    assert (info(response)["seed"], info(response)["subseed"]) == (2**64 - 1, -5)


async def test_variations_and_resized_seeds_go_into_the_noise(client: httpx2.AsyncClient, script: Script) -> None:
    varied = {"subseed": 9, "subseed_strength": 0.5, "seed_resize_from_w": 64, "seed_resize_from_h": 96}
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, **varied, "batch_size": 2})
    noise = script.request.noise
    assert (noise.subseed, noise.subseed_strength) == (9, 0.5)
    assert (noise.resize_from_width, noise.resize_from_height) == (64, 96)
    assert (info(response)["all_seeds"], info(response)["all_subseeds"]) == ([7, 7], [9, 10])


async def test_solver_options_come_from_the_request_and_else_from_the_options(
    client: httpx2.AsyncClient, script: Script
) -> None:
    settings = {
        "s_noise": 1.5,
        "s_tmin": 0.25,
        "eta_ancestral": 0.5,
        "always_discard_next_to_last_sigma": True,
        "rho": 5,
    }
    body = {**SMALL, "s_churn": 2, "s_tmin": 0.125, "sampler_name": "Euler a", "override_settings": settings}
    await client.post("/sdapi/v1/txt2img", json=body)
    sampling = script.request.sampling
    assert (sampling.s_churn, sampling.s_tmin, sampling.s_noise, sampling.eta) == (2.0, 0.125, 1.5, 0.5)
    assert (sampling.discard_next_to_last_sigma, sampling.rho) == (True, 5.0)


async def test_eta_is_left_to_the_sampler_until_somebody_sets_it(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "sampler_name": "DDIM"})
    assert not script.request.sampling.HasField("eta")
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "sampler_name": "DDIM", "eta": 1.0})
    assert script.request.sampling.eta == 1.0


async def test_prompt_settings_and_previews_come_from_the_options(client: httpx2.AsyncClient, script: Script) -> None:
    settings = {"CLIP_stop_at_last_layers": 2, "emphasis": "No norm", "show_progress_every_n_steps": 3}
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "override_settings": settings, "tiling": True})
    assert (response.status_code, response.json().get("errors", "")) == (200, "")
    sent = script.request
    assert (sent.prompts.clip_skip, sent.prompts.emphasis) == (2, gs.EMPHASIS_MODE_NO_NORM)
    assert (sent.events.preview_every, sent.tiling) == (3, True)


async def test_no_previews_are_made_where_they_are_switched_off(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "override_settings": {"live_previews_enable": False}})
    assert script.request.events.preview_every == 0


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_batch_is_previewed_as_a_grid_where_the_options_say_so(
    client: httpx2.AsyncClient, script: Script, wanted: bool
) -> None:
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "override_settings": {"show_progress_grid": wanted}})
    assert script.request.events.preview_grid == wanted


async def test_comments_are_dropped_from_prompts(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "prompt": "# note\na house # red\nby a lake"})
    assert script.request.prompt == "a house \nby a lake"


async def test_networks_are_dropped_where_they_are_disabled(client: httpx2.AsyncClient, script: Script) -> None:
    body = {**SMALL, "prompt": "a <lora:x:1>house", "disable_extra_networks": True}
    await client.post("/sdapi/v1/txt2img", json=body)
    assert script.request.prompt == "a house"


async def test_a_checkpoint_is_chosen_by_any_of_its_names(client: httpx2.AsyncClient, script: Script) -> None:
    for name in ("other", "other.safetensors", "other [cdcdcdcdcd]", "cdcdcdcdcd", "cd" * 32):
        await client.post("/sdapi/v1/txt2img", json={**SMALL, "override_settings": {"sd_model_checkpoint": name}})
        assert script.request.model == "other"


async def test_the_task_id_is_the_clients(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "force_task_id": "task(abc)"})
    assert script.request.task.task_id == "task(abc)"
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "force_task_id": "ä task"})
    assert script.request.task.task_id.startswith("task(")


async def test_first_phase_sizes_stand_in_for_the_others(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={**SMALL, "firstphase_width": 128, "firstphase_height": 96})
    assert (script.request.width, script.request.height) == (128, 96)


async def test_pictures_are_left_out_where_nobody_wants_them(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "send_images": False})
    assert (response.json()["images"], len(info(response)["infotexts"])) == ([], 1)


async def test_saved_pictures_come_with_a_grid_and_lie_in_the_data_folder(
    client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "batch_size": 4, "save_images": True})
    found, files = info(response), sorted((tmp_path / "outputs" / "txt2img-images").rglob("*.png"))
    assert [path.name for path in files] == ["00000-7.png", "00001-8.png", "00002-9.png", "00003-10.png"]
    assert Image.open(files[1]).tobytes() == pixels(8, 72, 64)
    assert [path.name for path in (tmp_path / "outputs" / "txt2img-grids").rglob("*.png")] == ["00000-7.png"]
    assert (found["index_of_first_image"], len(found["infotexts"])) == (1, 5)
    assert [picture.size for picture in pictures(response)] == [(144, 128)] + [(72, 64)] * 4


async def test_a_grid_or_a_file_is_not_made_where_the_options_say_no(
    client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    settings = {"return_grid": False, "samples_save": False, "grid_save": False}
    body = {**SMALL, "batch_size": 2, "save_images": True, "override_settings": settings}
    response = await client.post("/sdapi/v1/txt2img", json=body)
    assert (info(response)["index_of_first_image"], len(pictures(response))) == (0, 2)
    assert not (tmp_path / "outputs").exists()


async def test_a_grid_may_be_kept_and_not_sent(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    body = {**SMALL, "batch_size": 2, "save_images": True, "override_settings": {"return_grid": False}}
    response = await client.post("/sdapi/v1/txt2img", json=body)
    assert (info(response)["index_of_first_image"], len(pictures(response))) == (0, 2)
    assert len(list((tmp_path / "outputs" / "txt2img-grids").rglob("*.png"))) == 1


async def test_one_picture_makes_no_grid(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    response = await client.post("/sdapi/v1/txt2img", json={**SMALL, "save_images": True})
    assert (info(response)["index_of_first_image"], len(pictures(response))) == (0, 1)
    assert not list((tmp_path / "outputs" / "txt2img-grids").rglob("*.png"))
