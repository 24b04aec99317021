from __future__ import annotations

import asyncio

import httpx2
import pytest

from latentwire.v1 import model_service_pb2 as ms
from tests.contract.gateway.scripted import SHA256, Script


async def test_samplers_are_listed_as_the_service_orders_them(client: httpx2.AsyncClient) -> None:
    samplers = (await client.get("/sdapi/v1/samplers")).json()
    assert samplers[0] == {"name": "DPM++ 2M", "aliases": [], "options": {"scheduler": "karras"}}
    assert [sampler["name"] for sampler in samplers] == ["DPM++ 2M", "Euler a", "Euler", "DPM2 a", "DDIM", "UniPC"]


async def test_schedulers_are_listed_with_null_for_no_aliases(client: httpx2.AsyncClient) -> None:
    schedulers = (await client.get("/sdapi/v1/schedulers")).json()
    assert schedulers[1] == {
        "name": "karras",
        "label": "Karras",
        "aliases": None,
        "default_rho": 7.0,
        "need_inner_model": False,
    }


async def test_models_are_listed_with_title_and_hashes(client: httpx2.AsyncClient) -> None:
    models = (await client.get("/sdapi/v1/sd-models")).json()
    assert models[0] == {
        "title": f"flatland [{SHA256[:10]}]",
        "model_name": "flatland",
        "hash": SHA256[:10],
        "sha256": SHA256,
        "filename": "/models/flatland.safetensors",
        "config": None,
    }


async def test_upscalers_and_latent_modes_are_told_apart(client: httpx2.AsyncClient) -> None:
    upscalers = (await client.get("/sdapi/v1/upscalers")).json()
    modes = (await client.get("/sdapi/v1/latent-upscale-modes")).json()
    nothing = {"model_name": None, "model_path": None, "model_url": None, "scale": 4.0}
    assert upscalers == [{"name": "Lanczos", **nothing}, {"name": "Photo 2x", **nothing}]
    assert modes == [{"name": "Latent"}]


async def test_loras_and_embeddings_are_listed(client: httpx2.AsyncClient) -> None:
    loras = (await client.get("/sdapi/v1/loras")).json()
    embeddings = (await client.get("/sdapi/v1/embeddings")).json()
    nothing = {"sd_checkpoint": None, "sd_checkpoint_name": None, "shape": 768, "vectors": 2}
    assert loras == [{"name": "soft", "alias": "softer", "path": "/soft", "metadata": {"a": "b"}}]
    assert embeddings == {"loaded": {"one": {"step": 3, **nothing}}, "skipped": {"two": {"step": None, **nothing}}}


@pytest.mark.parametrize(
    "path",
    ["sd-vae", "hypernetworks", "face-restorers", "realesrgan-models", "prompt-styles", "extensions"],
)
async def test_what_nobody_has_installed_is_an_empty_list(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(f"/sdapi/v1/{path}")).json() == []


async def test_scripts_are_listed_by_their_titles_in_small_letters(client: httpx2.AsyncClient) -> None:
    titles = (await client.get("/sdapi/v1/scripts")).json()
    assert titles["txt2img"] == [
        *("comments", "extra options", "hypertile", "refiner", "sampler", "seed"),
        *("prompt matrix", "prompts from file or textbox", "x/y/z plot"),
    ]
    assert set(titles["img2img"]) - set(titles["txt2img"]) == {
        *("soft inpainting", "loopback", "outpainting mk2", "sd upscale"),
    }


async def test_arguments_of_scripts_are_listed_in_their_order(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/sdapi/v1/script-info")).json()
    (upscale,) = (item for item in found if item["name"] == "sd upscale")
    (plot,) = (item for item in found if item["name"] == "x/y/z plot" and not item["is_img2img"])
    assert (upscale["is_alwayson"], upscale["is_img2img"], len(plot["args"])) == (False, True, 18)
    assert [argument["label"] for argument in upscale["args"]] == ["", "Tile overlap", "Upscaler", "Scale Factor"]
    assert upscale["args"][1] == {
        "label": "Tile overlap",
        "value": 64,
        "minimum": 0,
        "maximum": 256,
        "step": 16,
        "choices": None,
    }
    assert (upscale["args"][2]["value"], upscale["args"][2]["choices"]) == ("Lanczos", ["Lanczos", "Photo 2x"])
    assert plot["args"][0]["choices"][:5] == ["Nothing", "Seed", "Var. seed", "Var. strength", "Steps"]


async def test_flags_are_told_without_secrets(client: httpx2.AsyncClient) -> None:
    flags = (await client.get("/sdapi/v1/cmd-flags")).json()
    assert (flags["api"], flags["port"], flags["api_auth"]) == (True, 7860, None)


@pytest.mark.parametrize(("device", "ram", "cuda"), [("cpu", True, False), ("cuda:0 NVIDIA", False, True)])
async def test_memory_is_the_devices(
    client: httpx2.AsyncClient, script: Script, device: str, ram: bool, cuda: bool
) -> None:
    script.memory = ms.DeviceMemory(device=device, total_bytes=100, free_bytes=60, process_bytes=10)
    memory = (await client.get("/sdapi/v1/memory")).json()
    assert ("error" not in memory["ram"], "error" not in memory["cuda"]) == (ram, cuda)
    sizes = memory["ram"] if ram else memory["cuda"]["system"]
    assert sizes == ({"free": 90, "used": 10, "total": 100} if ram else {"free": 60, "used": 40, "total": 100})


async def test_the_page_starts_with_what_suits_the_model(client: httpx2.AsyncClient) -> None:
    defaults = (await client.get("/internal/defaults")).json()
    assert (defaults["width"], defaults["steps"], defaults["cfg_scale"]) == (128, 20, 5.0)
    assert (await client.get("/internal/ping")).json() == {}


@pytest.mark.parametrize("path", ["refresh-checkpoints", "refresh-loras", "refresh-embeddings", "refresh-vae"])
async def test_lists_can_be_read_anew(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.post(f"/sdapi/v1/{path}")
    assert (response.status_code, response.json()) == (200, None)


async def test_the_checkpoint_in_use_can_be_put_out_and_loaded_again(
    client: httpx2.AsyncClient, script: Script
) -> None:
    out, again = await client.post("/sdapi/v1/unload-checkpoint"), await client.post("/sdapi/v1/reload-checkpoint")
    assert (out.json(), again.json(), script.unloads, script.loads) == ({}, {}, ["flatland"], ["flatland"])


async def test_a_model_that_was_put_out_is_loaded_once_for_all_that_need_it(
    client: httpx2.AsyncClient, script: Script
) -> None:
    await client.post("/sdapi/v1/unload-checkpoint")
    answers = await asyncio.gather(
        *(client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64}) for _ in range(4))
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    assert (script.loads, len(answers[0].json()["images"])) == (["flatland"], 1)


async def test_a_model_that_another_gateway_is_loading_is_waited_for(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.unloaded, script.loading = {"flatland"}, True
    response = await client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64})
    assert (response.status_code, script.loads) == (200, ["flatland"])


async def test_a_model_that_can_not_be_loaded_says_why(client: httpx2.AsyncClient, script: Script) -> None:
    script.unloaded.add("flatland")
    script.models.clear()
    response = await client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64})
    assert (response.status_code, response.json()["detail"]) == (404, "no such model")


async def test_without_a_model_there_is_nothing_to_put_out(client: httpx2.AsyncClient, script: Script) -> None:
    script.models.clear()
    for path in ("unload-checkpoint", "reload-checkpoint"):
        assert (await client.post(f"/sdapi/v1/{path}")).status_code == 200
    assert (script.unloads, script.loads) == ([], [])
