from __future__ import annotations

import asyncio

import httpx2
import pytest

from latentwire.errors import Unavailable
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script, Service
from tests.contract.gateway.slow_door import slow_door
from tests.contract.serving import PATIENCE_S

SMALL = {"width": 64, "height": 64}


async def test_a_service_that_goes_away_is_a_503_and_works_again_when_it_is_back(
    client: httpx2.AsyncClient, service: Service
) -> None:
    before = await client.post("/sdapi/v1/txt2img", json=SMALL)
    await service.stop()
    during, ready = await client.post("/sdapi/v1/txt2img", json=SMALL), await client.get("/readyz")
    await service.start()
    after = await asyncio.wait_for(until_ready(client), PATIENCE_S)
    assert (before.status_code, during.status_code, ready.status_code, after.status_code) == (200, 503, 503, 200)
    assert (during.json()["error"], during.headers["Retry-After"]) == ("Unavailable", "1")


async def until_ready(client: httpx2.AsyncClient) -> httpx2.Response:
    while (await client.get("/readyz")).status_code != 200:
        pass
    return await client.post("/sdapi/v1/txt2img", json=SMALL)


async def test_a_connection_lost_in_the_middle_is_a_503(
    client: httpx2.AsyncClient, service: Service, script: Script
) -> None:
    script.hold = True
    request = asyncio.create_task(client.post("/sdapi/v1/txt2img", json=SMALL))
    await script.held.wait()
    await service.stop()
    response = await request
    await service.start()
    script.hold = False
    # Channels of one process share their connections, and the time that they wait before they try again.
    await asyncio.wait_for(until_ready(client), PATIENCE_S)
    assert (response.status_code, "Retry-After" in response.headers) == (503, True)


@pytest.mark.parametrize("path", ["/sdapi/v1/samplers", "/sdapi/v1/progress", "/internal/defaults"])
async def test_what_needs_the_service_says_so_at_once(start: Start, path: str) -> None:
    async with start(inference="127.0.0.1:1") as client:
        response = await client.get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")


async def test_a_service_that_is_slow_to_greet_is_waited_for(start: Start, service: Service) -> None:
    async with slow_door(service.port) as (port, opened), start(inference=f"127.0.0.1:{port}") as client:
        asking = asyncio.ensure_future(client.get("/sdapi/v1/samplers"))
        early, _ = await asyncio.wait([asking], timeout=0.3)
        opened.set()
        assert (early, (await asking).status_code) == (set(), 200)


async def test_the_gateway_lives_without_the_service(start: Start) -> None:
    async with start(inference="127.0.0.1:1") as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_loading_and_draining_say_when_to_come_back(client: httpx2.AsyncClient, script: Script) -> None:
    script.error = Unavailable("the model is being loaded", reason="MODEL_LOADING", retry_after_s=4)
    response = await client.post("/sdapi/v1/txt2img", json=SMALL)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "4")
