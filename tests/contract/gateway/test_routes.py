"""Routes that answer, and those that say why not, in A1111's shapes."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import httpx2
import pytest

from gateway_svc.sdapi.option_spec import OPTION_SPECS
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script, model

NETWORKS = "/sd_extra_networks"


@pytest.mark.parametrize("path", ["create/embedding", "create/hypernetwork", "train/embedding", "train/hypernetwork"])
async def test_training_is_refused_in_a1111s_shape(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.post(f"/sdapi/v1/{path}", json={"name": "x"})
    answer = response.json()
    assert (response.status_code, set(answer)) == (501, {"error", "detail", "body", "errors"})
    assert (answer["error"], answer["detail"].endswith("here")) == ("HTTPException", True)


@pytest.mark.parametrize("path", ["sdapi/v1/sd-modules", "sdapi/v1/version", "sdapi/v1/system-info/status", "sdapi/v2"])
async def test_what_other_servers_have_is_not_there(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(f"/{path}")
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


async def test_the_start_page_answers(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/")).status_code == 200


async def test_every_flag_that_clients_look_at_is_there_and_no_secret(start: Start) -> None:
    async with start(api_auth="ann:hidden-word", inference_token="hidden-word", subpath="/sd") as client:
        response = await client.get("/sdapi/v1/cmd-flags", auth=("ann", "hidden-word"))
    flags = response.json()
    assert len(flags) > 120
    assert (flags["api_auth"], flags["gradio_auth"], flags["subpath"], flags["medvram"]) == (None, None, "sd", False)
    assert "hidden-word" not in response.text


async def test_quick_settings_may_be_any_option(client: httpx2.AsyncClient) -> None:
    hints = (await client.get("/internal/quicksettings-hint")).json()
    assert [hint["name"] for hint in hints] == [spec.name for spec in OPTION_SPECS]
    assert {"name": "s_churn", "label": "S churn"} in hints


async def test_the_start_is_timed(client: httpx2.AsyncClient) -> None:
    profile = (await client.get("/internal/profile-startup")).json()
    assert profile["total"] == sum(profile["records"].values())
    assert profile["total"] > 0


@pytest.mark.parametrize(
    ("path", "way"),
    [("sysinfo", "inline"), ("sysinfo?attachment=true", "attachment"), ("sysinfo-download", "attachment")],
)
async def test_a_report_holds_no_secret(start: Start, path: str, way: str) -> None:
    async with start(api_auth="ann:hidden-word", inference_token="hidden-word") as client:
        await client.post("/sdapi/v1/options", json={"rho": 3}, auth=("ann", "hidden-word"))
        response = await client.get(f"/internal/{path}", auth=("ann", "hidden-word"))
    report = json.loads(response.text)
    assert response.headers["Content-Disposition"].startswith(f'{way}; filename="sysinfo-')
    assert (report["Config"], "hidden-word" in response.text) == ({"rho": 3.0}, False)


async def test_a_preview_beside_a_checkpoint_is_shown_and_no_other_file(
    client: httpx2.AsyncClient, script: Script, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("one.png", "one.safetensors", "../secret.png"):
        (folder / name).write_bytes(b"bytes")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    script.models = [model("one", default=True)]
    script.models[0].path = str(folder / "one.safetensors")
    shown = await client.get(f"{NETWORKS}/thumb", params={"filename": str(folder / "one.png")})
    assert (shown.status_code, shown.content, shown.headers["Content-Type"]) == (200, b"bytes", "image/png")
    for name in ("one.safetensors", "../secret.png", "link.png", "nothing.png", "x\0.png", ""):
        other = await client.get(f"{NETWORKS}/thumb", params={"filename": f"{folder}/{name}"})
        assert (other.status_code, other.json()["detail"]) == (404, "File not found")


async def test_metadata_of_a_network_is_json_text(client: httpx2.AsyncClient) -> None:
    known = (await client.get(f"{NETWORKS}/metadata", params={"page": "Lora", "item": "soft"})).json()
    assert json.loads(known["metadata"]) == {"a": "b"}
    for page, item in (("lora", "nobody"), ("checkpoints", "flatland"), ("", "")):
        assert (await client.get(f"{NETWORKS}/metadata", params={"page": page, "item": item})).json() == {}


async def test_a_cover_picture_comes_out_of_the_metadata(client: httpx2.AsyncClient, script: Script) -> None:
    script.lora_metadata = {"ssmd_cover_images": json.dumps([b64encode(b"\x89PNG").decode()])}
    asked = {"page": "lora", "item": "soft"}
    cover = await client.get(f"{NETWORKS}/cover-images", params=asked | {"index": 0})
    assert (cover.content, cover.headers["Content-Type"]) == (b"\x89PNG", "image/png")
    for index in (1, -1):
        assert (await client.get(f"{NETWORKS}/cover-images", params=asked | {"index": index})).status_code == 404
    assert (await client.get(f"{NETWORKS}/cover-images", params={"page": "lora", "item": "x"})).json() == {}
    assert (await client.get(f"{NETWORKS}/metadata", params=asked)).json() == {}


@pytest.mark.parametrize(
    ("page", "name"), [("lora", "soft"), ("checkpoints", "flatland"), ("textual inversion", "one")]
)
async def test_a_card_shows_what_is_there(client: httpx2.AsyncClient, page: str, name: str) -> None:
    card = (
        await client.get(f"{NETWORKS}/get-single-card", params={"page": page, "name": name, "tabname": "<b>"})
    ).json()
    assert (f'data-name="{name}"' in card["html"], "<b>" in card["html"]) == (True, False)
    assert (await client.get(f"{NETWORKS}/get-single-card", params={"page": page, "name": "nobody"})).json() == {}
    assert (await client.get(f"{NETWORKS}/get-single-card", params={"page": "other", "name": name})).json() == {}
