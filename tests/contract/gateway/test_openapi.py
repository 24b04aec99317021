"""Requests made up from /openapi.json: none breaks the gateway before the fake engine."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from gateway_svc.app import create_app
from gateway_svc.settings import Settings
from tests.contract.gateway.faults_of_a1111 import allowed
from tests.contract.gateway.made_up import Operation, operations, storm, tracebacks
from tests.contract.gateway.test_with_service import before
from tests.contract.serving import Serving

EVERY_DAY, EVERY_DAY_SMALL, AT_LENGTH = 15, 5, 400
OPERATIONS = operations(create_app(Settings()))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(fake_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncClient]:
    async with before(fake_server, tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
async def test_no_request_breaks_a_route(gateway: AsyncClient, operation: Operation) -> None:
    small = not operation.body or operation.path.startswith("/api/v1/")  # these share all that reads their bodies
    count, wrong = await storm(gateway, operation, EVERY_DAY_SMALL if small else EVERY_DAY)
    assert (count > 0, wrong) == (True, [])


@pytest.mark.slow
@pytest.mark.timeout(AT_LENGTH)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
async def test_no_request_of_thousands_breaks_a_route(gateway: AsyncClient, operation: Operation) -> None:
    count, wrong = await storm(gateway, operation, AT_LENGTH)
    assert (count > 0, wrong) == (True, [])


def planted() -> FastAPI:
    """An application with a route that breaks, one that breaks now and then, and one that logs what it catches."""
    app = FastAPI()

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    @app.post("/picky")
    async def picky(body: dict[str, Any]) -> None:
        if body:
            raise KeyError(next(iter(body)))

    @app.get("/loud")
    async def loud() -> None:
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logging.getLogger("planted").warning("caught", exc_info=True)

    return app


@pytest.mark.parametrize("operation", operations(planted()), ids=lambda operation: operation.label)
async def test_a_planted_exception_is_found(operation: Operation) -> None:
    transport = ASGITransport(app=planted(), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://gateway") as client:
        _, wrong = await storm(client, operation, 10)
    assert wrong != []


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/sdapi/v1/txt2img", 500, {"error": "HTTPException", "detail": "Invalid encoded image"}),
        ("/sdapi/v1/img2img", 503, {"error": "HTTPException", "detail": "Invalid encoded image"}),
        ("/sdapi/v1/img2img", 500, {"error": "RuntimeError", "detail": "Invalid encoded image"}),
        ("/sdapi/v1/img2img", 500, {"error": "HTTPException", "detail": "An invalid encoded image"}),
        ("/sdapi/v1/txt2img", 500, {"error": "RuntimeError", "errors": "internal error"}),
    ],
)
def test_another_fault_is_none_of_a1111s(path: str, status: int, answer: dict[str, str]) -> None:
    whole = {"error": "", "detail": "", "body": "", "errors": "", **answer}
    assert allowed("/sdapi/v1/img2img", 500, {**whole, "error": "HTTPException", "detail": "Invalid encoded image"})
    assert not allowed(path, status, whole)


def test_an_error_that_is_logged_is_seen() -> None:
    with tracebacks() as logged:
        logging.getLogger("planted").error("no traceback")
    assert logged == ["planted: no traceback "]
