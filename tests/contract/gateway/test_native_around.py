"""What stands around /api/v1: names and passwords, sizes, figures, a path above it, the trace that it belongs to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx2

from latentwire.errors import OutOfMemory, PayloadTooLarge, QueueFull, Unavailable
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script

GENERATE = "/api/v1/images:generate"
ANN = ("ann", "a")


async def test_nobody_comes_in_without_a_name(start: Start) -> None:
    async with start(api_auth="ann:a") as client:
        closed = await client.get("/api/v1/models")
        opened = await client.get("/api/v1/models", auth=ANN)
    assert (closed.status_code, opened.status_code) == (401, 200)


async def test_a_task_belongs_to_who_asks(start: Start, script: Script) -> None:
    async with start(api_auth="ann:a,bob:b") as client:
        await client.post(GENERATE, json={"task": {"taskId": "t"}}, auth=ANN)
        others = await client.post(GENERATE, json={"task": {"taskId": "t", "owner": "bob"}}, auth=ANN)
        listed = await client.get("/api/v1/generations", params={"owner": "bob"}, auth=ANN)
    assert (script.request.task.owner, len(script.requests)) == ("ann", 1)
    assert (others.status_code, others.json()["message"]) == (400, "task.owner: 'bob' is not you; allowed: 'ann'")
    assert (listed.status_code, listed.json()["message"]) == (400, "owner: 'bob' is not you; allowed: 'ann'")


async def test_a_credential_of_the_gateway_is_not_passed_on(start: Start, script: Script) -> None:
    async with start(api_auth="ann:a") as client:
        await client.post(GENERATE, json={}, auth=ANN)
    assert "authorization" not in script.metadata


async def test_the_service_is_asked_with_the_gateways_token(start: Start, script: Script) -> None:
    async with start(inference_token="secret") as client:
        headers = {"Grpc-Metadata-Authorization": "Bearer mine", "traceparent": "00-a-b-01", "Grpc-Metadata-X": "y"}
        await client.post(GENERATE, json={}, headers=headers)
    told = script.metadata
    assert (told["authorization"], told["traceparent"], told["x"]) == ("Bearer secret", "00-a-b-01", "y")


async def test_a_body_over_the_limit_is_a_413(start: Start, script: Script) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    async with start(max_body_bytes=2000) as client:
        told = await client.post(GENERATE, content=b" " * 3000, headers=headers)
        untold = await client.post(GENERATE, content=pieces(), headers=headers)
    assert (told.status_code, untold.status_code, script.requests) == (413, 413, [])
    assert untold.json()["details"][0]["reason"] == "MESSAGE_TOO_LARGE"


async def test_errors_have_the_status_of_the_table(client: httpx2.AsyncClient, script: Script) -> None:
    seen = []
    for error in (QueueFull("full", retry_after_s=2), OutOfMemory("no"), PayloadTooLarge("big"), Unavailable("soon")):
        script.error = error
        response = await client.post(GENERATE, json={})
        seen.append((response.status_code, response.json()["message"], response.headers.get("Retry-After")))
    assert seen == [(429, "full", "2"), (503, "no", None), (413, "big", None), (503, "soon", None)]


async def test_a_service_that_is_away_is_a_503(start: Start) -> None:
    async with start(inference="127.0.0.1:1") as client:
        response = await client.get("/api/v1/samplers")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.json()["details"][0]["reason"] == "CONNECTION_LOST"


async def test_routes_lie_below_the_path_of_a_proxy(start: Start) -> None:
    async with start(subpath="/sd") as client:
        for path in ("/sd/api/v1/models/flat%2Fland", "/api/v1/models/flat%2Fland"):
            assert (await client.get(path)).json()["code"] in (5, 12)
        assert (await client.get("/sd/api/v1/models")).status_code == 200


async def test_figures_are_by_template(client: httpx2.AsyncClient) -> None:
    await client.get("/api/v1/generations/none-such:watch")
    await client.get("/api/v1/made/up")
    text = (await client.get("/metrics")).text
    assert 'method="GET",route="/api/v1/generations/{request_id}:watch"' in text
    assert 'method="unknown",route="unknown",status="404"' in text
    assert "none-such" not in text


async def test_streams_are_never_compressed(client: httpx2.AsyncClient) -> None:
    response = await client.post(GENERATE, json={"width": 64, "height": 64, "prompt": "red " * 1000})
    assert ("Content-Encoding" in response.headers, len(response.content) > 4000) == (False, True)


async def test_the_documentation_tells_of_every_route_in_the_contracts_words(client: httpx2.AsyncClient) -> None:
    told = (await client.get("/openapi.json")).json()
    generate = told["paths"][GENERATE]["post"]
    assert generate["summary"].startswith("Makes pictures and streams what happens.")
    assert set(generate["responses"]["200"]["content"]) == {"application/x-ndjson", "text/event-stream"}
    assert "/sdapi/v1/txt2img" in told["paths"]
    width = told["components"]["schemas"]["latentwire.v1.GenerateImageRequest"]["properties"]["width"]
    assert (width["type"], "64 to 2048" in width["description"]) == ("integer", True)


async def test_every_reference_of_the_documentation_leads_somewhere(client: httpx2.AsyncClient) -> None:
    response = await client.get("/openapi.json")
    schemas = response.json()["components"]["schemas"]
    referred = {part.split('"')[0] for part in response.text.split('"#/components/schemas/')[1:]}
    assert referred - set(schemas) == set()
    assert sum(name.startswith("latentwire.v1.") for name in referred) > 60
    assert json.dumps(schemas).count('"description"') > 300
