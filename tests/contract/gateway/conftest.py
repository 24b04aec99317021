"""The gateway through ASGI, before a scripted inference service on a port of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest
import pytest_asyncio

from gateway_svc.app import create_app
from gateway_svc.settings import Settings
from latentwire.ports import held
from tests.contract.gateway.courses import Read
from tests.contract.gateway.scripted import Script, Service


class Start(Protocol):
    """Makes a gateway with other settings."""

    def __call__(self, **settings: Any) -> AbstractAsyncContextManager[httpx2.AsyncClient]: ...


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def service() -> AsyncIterator[Service]:
    # Held also while the service is stopped, or another program could be given its port.
    with held("127.0.0.1", 0, "") as port:
        service = Service(port)
        await service.start()
        yield service
        await service.stop()


@pytest.fixture
def script(service: Service) -> Script:
    service.script = Script()
    return service.script


@pytest.fixture
def start(service: Service, script: Script, tmp_path: Path) -> Start:
    @asynccontextmanager
    async def started(**settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
        given = {"inference": f"127.0.0.1:{service.port}", "data_dir": tmp_path, **settings}
        app = create_app(Settings(**given))
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
                yield client

    return started


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """What the gateway reads of generations, to wait for it."""
    read = Read()
    monkeypatch.setattr("gateway_svc.inference.carrying.Course", read.course)
    return read


@pytest_asyncio.fixture(loop_scope="module")
async def client(start: Start) -> AsyncIterator[httpx2.AsyncClient]:
    async with start() as client:
        yield client
