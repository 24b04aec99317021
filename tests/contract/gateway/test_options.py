from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from gateway_svc.sdapi.option_spec import OPTION_SPECS, Effect
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import SHA256, Script, Service

URL = "/sdapi/v1/options"
TITLE = f"flatland [{SHA256[:10]}]"


async def test_options_are_a1111s_with_their_defaults_and_types(client: httpx2.AsyncClient) -> None:
    options = (await client.get(URL)).json()
    assert (options["send_seed"], options["samples_format"], options["sigma_min"]) == (True, "png", 0.0)
    assert "forge_preset" not in options
    assert isinstance(options["sigma_min"], float)


async def test_whole_numbers_come_as_floats_where_a1111_sends_floats(client: httpx2.AsyncClient) -> None:
    text = (await client.get(URL)).text
    for part in ('"jpeg_quality":80.0', '"CLIP_stop_at_last_layers":1.0', '"eta_noise_seed_delta":0,'):
        assert part in text


async def test_the_checkpoint_is_the_one_in_use(client: httpx2.AsyncClient) -> None:
    options = (await client.get(URL)).json()
    assert (options["sd_model_checkpoint"], options["sd_checkpoint_hash"]) == (TITLE, SHA256)


async def test_a_whole_object_can_be_written_back(client: httpx2.AsyncClient, script: Script) -> None:
    options = (await client.get(URL)).json()
    response = await client.post(URL, json={**options, "send_seed": False})
    assert (response.status_code, response.json()) == (200, None)
    assert (await client.get(URL)).json() == {**options, "send_seed": False}
    assert script.loads == []


async def test_what_is_set_counts_for_requests_from_then_on(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post(URL, json={"s_churn": 3, "CLIP_stop_at_last_layers": "2"})
    await client.post("/sdapi/v1/txt2img", json={})
    assert (script.request.sampling.s_churn, script.request.prompts.clip_skip) == (3.0, 2)


async def test_a_request_overrides_for_itself_alone(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={"override_settings": {"s_churn": 3}})
    await client.post("/sdapi/v1/txt2img", json={})
    assert [request.sampling.s_churn for request in script.requests] == [3.0, 0.0]


async def test_a_request_may_leave_its_settings_behind(client: httpx2.AsyncClient, script: Script) -> None:
    kept = {"override_settings": {"s_churn": 3, "rho": None}, "override_settings_restore_afterwards": False}
    await client.post("/sdapi/v1/txt2img", json=kept)
    await client.post("/sdapi/v1/txt2img", json={})
    assert [request.sampling.s_churn for request in script.requests] == [3.0, 3.0]


async def test_options_outlive_the_gateway_and_are_seen_by_others(start: Start, tmp_path: Path) -> None:
    async with start() as one, start() as other:
        await other.get(URL)
        await one.post(URL, json={"send_seed": False})
        assert (await other.get(URL)).json()["send_seed"] is False
    async with start() as later:
        assert (await later.get(URL)).json()["send_seed"] is False
    assert json.loads((tmp_path / "options.json").read_text()) == {"send_seed": False}


async def test_an_unknown_option_changes_nothing(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, json={"send_seed": False, "nonsense": 1})
    assert response.status_code == 500
    assert response.json() == {"error": "KeyError", "detail": "", "body": "", "errors": "'nonsense'"}
    assert (await client.get(URL)).json()["send_seed"] is True


async def test_a_value_of_the_wrong_type_is_told(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, json={"jpeg_quality": "good"})
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", "options", "jpeg_quality"])


async def test_another_checkpoint_is_loaded_and_used(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post(URL, json={"sd_model_checkpoint": "other"})
    await client.post("/sdapi/v1/txt2img", json={})
    assert (script.loads, script.request.model) == (["other"], "other")
    assert (await client.get(URL)).json()["sd_model_checkpoint"] == "other [cdcdcdcdcd]"


async def test_an_unknown_checkpoint_is_told_as_a1111_does(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, json={"sd_model_checkpoint": "nobody"})
    assert response.status_code == 500
    assert response.json() == {"error": "RuntimeError", "detail": "", "body": "", "errors": "model 'nobody' not found"}


async def test_options_can_be_read_while_the_inference_service_is_away(start: Start, script: Script) -> None:
    async with start(inference="127.0.0.1:1") as client:
        options = (await client.get(URL)).json()
    assert (options["sd_model_checkpoint"], options["sd_checkpoint_hash"]) == (None, "")


async def test_a_file_that_can_not_be_read_counts_as_empty(start: Start, tmp_path: Path) -> None:
    for broken in ("{", '{"jpeg_quality": "good"}', "[1]"):
        (tmp_path / "options.json").write_text(broken)
        async with start() as client:
            assert (await client.get(URL)).json()["jpeg_quality"] == 80


async def test_one_bad_value_in_the_file_costs_no_other(start: Start, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text('{"eta_ddim": "x", "jpeg_quality": 33, "gone": 1}')
    async with start() as client:
        await client.post(URL, json={"send_seed": False})
        shown = (await client.get(URL)).json()
    assert (shown["eta_ddim"], shown["jpeg_quality"], shown["send_seed"]) == (0.0, 33, False)


@pytest.mark.parametrize("key", ["api_forbid_local_requests", "api_enable_requests", "sd_checkpoint_hash"])
async def test_what_guards_the_server_is_not_changed_over_the_api(client: httpx2.AsyncClient, key: str) -> None:
    before = (await client.get(URL)).json()
    await client.post(URL, json={key: "0"})
    assert (await client.get(URL)).json() == before


async def test_without_any_model_there_is_no_checkpoint(service: Service, script: Script, start: Start) -> None:
    script.models.clear()
    async with start() as client:
        assert (await client.get(URL)).json()["sd_model_checkpoint"] is None


async def test_every_option_can_be_set_and_outlives_the_gateway(start: Start) -> None:
    changed = {
        spec.name: other(spec.default)
        for spec in OPTION_SPECS
        if spec.effect is not Effect.REFUSED and spec.name != "sd_model_checkpoint"
    }
    async with start() as client:
        assert (await client.post(URL, json=changed)).status_code == 200
    async with start() as later:
        options = (await later.get(URL)).json()
    assert {name: options[name] for name in changed} == changed


def other(default: object) -> object:
    """A value of the same type that is not the default."""
    match default:
        case bool():
            return not default
        case int() | float():
            return default + 1
        case list():
            return ["another"]
    return "another"
