from __future__ import annotations

from typing import Any

import httpx2
import pytest

from latentwire.errors import (
    ERRORS,
    AlreadyExists,
    Cancelled,
    FieldViolation,
    Internal,
    InvalidArgument,
    LatentwireError,
    OutOfMemory,
    QueueFull,
    Unavailable,
)
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script

URL = "/sdapi/v1/txt2img"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("field", "value", "message", "kind"),
    [
        ("steps", "many", "value is not a valid integer", "type_error.integer"),
        ("cfg_scale", "much", "value is not a valid float", "type_error.float"),
        ("prompt", ["a"], "str type expected", "type_error.str"),
        ("save_images", "maybe", "value could not be parsed to a boolean", "type_error.bool"),
        ("script_args", "x", "value is not a valid list", "type_error.list"),
        ("alwayson_scripts", [], "value is not a valid dict", "type_error.dict"),
        ("sampler_index", None, "none is not an allowed value", "type_error.none.not_allowed"),
        ("send_images", None, "none is not an allowed value", "type_error.none.not_allowed"),
    ],
)
async def test_a_field_of_the_wrong_type_is_told_as_pydantic_1_would(
    client: httpx2.AsyncClient, field: str, value: object, message: str, kind: str
) -> None:
    response = await client.post(URL, json={field: value})
    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": ["body", field], "msg": message, "type": kind}]}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_what_is_no_finite_number_names_field_and_value(client: httpx2.AsyncClient, number: str) -> None:
    response = await client.post(URL, content=f'{{"cfg_scale": {number}}}', headers=JSON)
    detail = response.json()["detail"][0]
    assert (response.status_code, detail["loc"]) == (422, ["body", "cfg_scale"])
    assert "is not allowed" in detail["msg"]


async def test_a_number_beyond_all_measure_is_refused(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, json={"steps": 10**12, "seed": 2**64})
    assert [detail["loc"][1] for detail in response.json()["detail"]] == ["seed", "steps"]


@pytest.mark.parametrize(
    ("content", "headers", "where", "kind"),
    [
        ("", JSON, ["body"], "value_error.missing"),
        ("null", JSON, ["body"], "value_error.missing"),
        ("{,", JSON, ["body", 1], "value_error.jsondecode"),
        ("[]", JSON, ["body"], "type_error.dict"),
        ("{}", {"Content-Type": "text/plain"}, ["body"], "type_error.dict"),
    ],
)
async def test_a_body_that_is_no_object_is_told(
    client: httpx2.AsyncClient, content: str, headers: dict[str, str], where: list[Any], kind: str
) -> None:
    response = await client.post(URL, content=content, headers=headers)
    detail = response.json()["detail"][0]
    assert (response.status_code, detail["loc"], detail["type"]) == (422, where, kind)


async def test_a_defect_of_the_gateway_has_the_same_shape(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("gateway_svc.sdapi.routes.filled_in", broken)
    response = await client.post(URL, json={})
    assert response.status_code == 500
    assert response.json() == {"error": "RuntimeError", "detail": "", "body": "", "errors": "internal error"}


async def test_half_a_character_is_told(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, content='{"prompt": "\\ud800"}', headers=JSON)
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", "prompt"])


async def test_unknown_paths_and_methods_are_told_as_fastapi_does(client: httpx2.AsyncClient) -> None:
    missing, wrong = await client.get("/sdapi/v1/nothing"), await client.get(URL)
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})


async def test_a_range_that_the_service_finds_broken_is_a_field_of_the_body(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.error = InvalidArgument.join(
        [
            FieldViolation("sampling.steps", "0 is not allowed; allowed: 1 to 150"),
            FieldViolation("batch_count", "0 is not allowed"),
            FieldViolation("noise.subseed_strength", "2.0 is not allowed"),
            FieldViolation("init.images[1]", "no"),
            FieldViolation("width", "8 is not allowed"),
        ]
    )
    response = await client.post(URL, json={"steps": 0})
    found = [(detail["loc"], detail["msg"]) for detail in response.json()["detail"]]
    assert response.status_code == 422
    assert found == [
        (["body", "steps"], "0 is not allowed; allowed: 1 to 150"),
        (["body", "n_iter"], "0 is not allowed"),
        (["body", "subseed_strength"], "2.0 is not allowed"),
        (["body", "init_images[1]"], "no"),
        (["body", "width"], "8 is not allowed"),
    ]


async def test_an_invalid_argument_without_fields_is_about_the_body(client: httpx2.AsyncClient, script: Script) -> None:
    script.error = InvalidArgument("too much of it")
    detail = (await client.post(URL, json={})).json()["detail"]
    assert detail == [{"loc": ["body"], "msg": "too much of it", "type": "value_error"}]


async def test_a_picture_that_the_service_can_not_read_is_told_in_a1111s_words(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.error = InvalidArgument.of("init.images[0].data", "3 bytes", "a whole PNG file")
    response = await client.post("/sdapi/v1/img2img", json={"init_images": ["AAAA"]})
    assert (response.status_code, response.json()["detail"]) == (500, "Invalid encoded image")


@pytest.mark.parametrize("error", [kind("why", retry_after_s=1.2) for kind in ERRORS], ids=lambda e: type(e).__name__)
async def test_every_error_of_the_table_has_its_status_and_shape(
    client: httpx2.AsyncClient, script: Script, error: LatentwireError
) -> None:
    script.error = error
    response = await client.post(URL, json={})
    statuses: dict[type[LatentwireError], int] = {InvalidArgument: 422, OutOfMemory: 500}
    assert response.status_code == statuses.get(type(error), error.http_status)
    shape = {"detail"} if isinstance(error, InvalidArgument) else {"error", "detail", "body", "errors"}
    assert set(response.json()) == shape


async def test_a_full_queue_says_when_to_come_back(client: httpx2.AsyncClient, script: Script) -> None:
    script.error = QueueFull("64 wait", retry_after_s=2.1)
    response = await client.post(URL, json={})
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
    assert response.json() == {"error": "QueueFull", "detail": "64 wait", "body": "", "errors": ""}


async def test_memory_that_ran_out_is_told_as_a1111_does(client: httpx2.AsyncClient, script: Script) -> None:
    script.error = OutOfMemory("no room for 512x512")
    response = await client.post(URL, json={})
    expected = {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "no room for 512x512"}
    assert (response.status_code, response.json()) == (500, expected)
    assert "Retry-After" not in response.headers


async def test_a_defect_of_ours_is_not_told(client: httpx2.AsyncClient, script: Script) -> None:
    script.error = Internal("secret path /x")
    response = await client.post(URL, json={})
    assert response.status_code == 500
    assert response.json() == {"error": "RuntimeError", "detail": "", "body": "", "errors": "internal error"}


@pytest.mark.parametrize(
    ("error", "status"),
    [(Cancelled("by CancelGeneration"), 499), (AlreadyExists("in use"), 409), (Unavailable("loading"), 503)],
)
async def test_other_ends_keep_the_tables_status(
    client: httpx2.AsyncClient, script: Script, error: LatentwireError, status: int
) -> None:
    script.error = error
    response = await client.post(URL, json={})
    assert (response.status_code, response.json()["error"]) == (status, type(error).__name__)


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"script_name": "my own"}, 422, "Script 'my own' not found"),
        ({"alwayson_scripts": {"ADetailer": {"args": []}}}, 422, "always on script ADetailer not found"),
        (
            {"alwayson_scripts": {"x/y/z plot": {"args": []}}},
            422,
            "Cannot have a selectable script in the always on scripts params",
        ),
        ({"override_settings": {"samples_format": "bmp"}}, 500, "Invalid image format"),
        ({"firstpass_image": "x"}, 501, "firstpass_image is not served: send it to img2img"),
    ],
)
async def test_what_is_not_there_is_refused_in_so_many_words(
    client: httpx2.AsyncClient, body: dict[str, Any], status: int, detail: str
) -> None:
    response = await client.post(URL, json=body)
    assert (response.status_code, response.json()["detail"]) == (status, detail)


async def test_an_unknown_setting_is_a_key_error(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, json={"override_settings": {"nonsense": 1, "rho": None}})
    assert response.status_code == 500
    assert response.json() == {"error": "KeyError", "detail": "", "body": "", "errors": "'nonsense'"}


async def test_a_setting_of_the_wrong_type_names_itself(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, json={"override_settings": {"rho": "big"}})
    detail = response.json()["detail"][0]
    assert (response.status_code, detail["loc"]) == (422, ["body", "override_settings", "rho"])
    assert "'big'" in detail["msg"]


async def test_a_body_over_the_limit_is_refused_by_its_length(start: Start) -> None:
    async with start(max_body_bytes=1024) as client:
        response = await client.post(URL, json={"prompt": "a" * 2000})
    assert (response.status_code, response.json()["detail"]) == (413, "the body is larger than 1024 bytes")


async def test_a_body_of_unknown_length_is_refused_once_it_is_over(start: Start) -> None:
    async def parts() -> Any:
        for _ in range(20):
            yield b" " * 100

    async with start(max_body_bytes=1024) as client:
        response = await client.post(URL, content=parts(), headers=JSON)
    assert (response.status_code, response.json()["error"]) == (413, "HTTPException")


@pytest.mark.parametrize("fault", ["truncated", "short"])
async def test_a_stream_that_breaks_the_contract_is_a_defect(
    client: httpx2.AsyncClient, script: Script, fault: str
) -> None:
    setattr(script, fault, True)
    response = await client.post(URL, json={"width": 64, "height": 64})
    assert (response.status_code, response.json()["errors"]) == (500, "internal error")


async def test_a_message_that_no_service_takes_is_not_sent(
    client: httpx2.AsyncClient, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway_svc.inference.client.MAX_MESSAGE_BYTES", 2**20)
    image = "A" * (2 * 2**20)
    response = await client.post("/sdapi/v1/img2img", json={"init_images": [image]})
    assert (response.status_code, response.json()["error"], script.requests) == (413, "PayloadTooLarge", [])


async def test_a_mask_over_latents_can_not_be_sent(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/img2img", json={"init_images": ["AAAA"], "latent_mask": "AAAA"})
    assert (response.status_code, response.json()["detail"]) == (501, "latent_mask is not served: send mask")
