from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from gateway_svc.disconnect import while_connected
from gateway_svc.server import configuration
from gateway_svc.settings import Settings
from latentwire.errors import Cancelled
from tests.contract.gateway.scripted import Script, Service
from tests.contract.serving import PATIENCE_S

HEAD = b"POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """A gateway as users run it, on a port of its own; yields the server and the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(configuration(settings))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running


@pytest.fixture
def settings(service: Service, script: Script, tmp_path: Path) -> Settings:
    script.hold = True
    return Settings(inference=f"127.0.0.1:{service.port}", data_dir=tmp_path, drain_timeout_s=PATIENCE_S)


async def ask(port: int, **fields: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    body = json.dumps({"width": 64, "height": 64, **fields}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    return reader, writer


async def test_a_client_that_goes_away_takes_its_generation_with_it(settings: Settings, script: Script) -> None:
    async with served(settings) as (_, port):
        _, writer = await ask(port)
        await script.held.wait()
        writer.close()
        await asyncio.wait_for(script.cancelled.wait(), PATIENCE_S)


async def test_a_script_ends_with_its_client(settings: Settings, script: Script) -> None:
    async with served(settings) as (_, port):
        _, writer = await ask(port, prompt="a|b|c", script_name="prompt matrix")
        await script.held.wait()
        writer.close()
        await asyncio.wait_for(script.cancelled.wait(), PATIENCE_S)
    assert [request.prompt for request in script.requests] == ["a"]


async def test_others_go_on_when_one_client_goes_away(settings: Settings, script: Script) -> None:
    async with served(settings) as (_, port):
        _, leaving = await ask(port)
        await script.held.wait()
        script.held.clear()
        staying, writer = await ask(port)
        await script.held.wait()
        leaving.close()
        await asyncio.wait_for(script.cancelled.wait(), PATIENCE_S)
        script.release.set()
        assert await staying.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()


async def test_a_generation_outlives_its_client_where_it_should(settings: Settings, script: Script) -> None:
    async with served(settings.model_copy(update={"keep_on_disconnect": True})) as (_, port):
        _, writer = await ask(port)
        await script.held.wait()
        writer.close()
        reader, other = await ask(port)
        script.release.set()
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        other.close()
    assert not script.cancelled.is_set()


async def test_a_request_under_way_is_finished_before_the_gateway_stops(settings: Settings, script: Script) -> None:
    async with served(settings) as (server, port):
        reader, writer = await ask(port)
        await script.held.wait()
        server.should_exit = True
        script.release.set()
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()


async def test_what_takes_longer_than_the_grace_time_is_cancelled(settings: Settings, script: Script) -> None:
    async with served(settings.model_copy(update={"drain_timeout_s": 0})) as (server, port):
        reader, writer = await ask(port)
        await script.held.wait()
        server.should_exit = True
        await asyncio.wait_for(script.cancelled.wait(), PATIENCE_S)
        await reader.read()
        writer.close()


async def test_what_comes_before_the_disconnect_is_passed_over() -> None:
    messages = iter([{"type": "http.request"}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    with pytest.raises(Cancelled):
        await while_connected(receive, asyncio.Event().wait())
