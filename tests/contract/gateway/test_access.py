from __future__ import annotations

import re
import time

import httpx2
import pytest

from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script, Service

ANN = ("ann", "with:colon")
ROUNDED_S = 0.00005


@pytest.fixture
def closed(start: Start) -> Start:
    """A gateway that asks who comes."""

    def opened(**settings: object) -> object:
        return start(api_auth="ann:with:colon,bob:b", **settings)

    return opened  # type: ignore[return-value]


@pytest.mark.parametrize("path", ["/", "/sdapi/v1/options", "/internal/ping", "/docs", "/metrics", "/nothing"])
async def test_nobody_comes_in_without_a_name(closed: Start, path: str) -> None:
    async with closed() as client:
        response = await client.get(path)
    assert response.status_code == 401
    assert response.json() == {"error": "HTTPException", "detail": "Not authenticated", "body": "", "errors": ""}
    assert response.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("pair", [("ann", "b"), ("ann", ""), ("eve", "with:colon"), ("", "")])
async def test_a_wrong_password_is_told_apart(closed: Start, pair: tuple[str, str]) -> None:
    async with closed() as client:
        response = await client.get("/internal/ping", auth=pair)
    assert (response.status_code, response.json()["detail"]) == (401, "Incorrect username or password")


@pytest.mark.parametrize("header", ["Bearer x", "Basic ???", "Basic"])
async def test_what_is_no_basic_header_is_no_name(closed: Start, header: str) -> None:
    async with closed() as client:
        response = await client.get("/internal/ping", headers={"Authorization": header})
    assert (response.status_code, response.json()["detail"]) == (401, "Not authenticated")


async def test_a_known_user_comes_in_and_owns_what_he_asks_for(closed: Start, script: Script) -> None:
    async with closed() as client:
        response = await client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64}, auth=ANN)
    assert (response.status_code, script.request.task.owner) == (200, "ann")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_open_to_all(closed: Start, path: str) -> None:
    async with closed() as client:
        assert (await client.get(path)).status_code == 200


async def test_pages_of_other_origins_may_call_where_allowed(start: Start) -> None:
    async with start(cors_allow_origins="http://a.example, http://b.example", api_auth="u:p") as client:
        asking = {"Origin": "http://b.example", "Access-Control-Request-Method": "POST"}
        preflight = await client.options("/sdapi/v1/txt2img", headers=asking)
        refused = await client.get("/internal/ping", headers={"Origin": "http://b.example"})
        other = await client.get("/healthz", headers={"Origin": "http://c.example"})
    assert preflight.headers["Access-Control-Allow-Origin"] == "http://b.example"
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "http://b.example")
    assert "Access-Control-Allow-Origin" not in other.headers


async def test_origins_may_be_a_pattern(start: Start) -> None:
    async with start(cors_allow_origins_regex=r"https://.*\.example") as client:
        response = await client.get("/healthz", headers={"Origin": "https://x.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://x.example"


async def test_long_text_is_compressed_and_pictures_are_not(client: httpx2.AsyncClient) -> None:
    options = await client.get("/sdapi/v1/options")
    picture = await client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64})
    short = await client.get("/healthz")
    assert options.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in picture.headers
    assert "Content-Encoding" not in short.headers


async def test_every_answer_says_how_long_it_took(client: httpx2.AsyncClient) -> None:
    for path in ("/healthz", "/nothing"):
        began = time.perf_counter()
        seconds = (await client.get(path)).headers["X-Process-Time"]
        took_s = time.perf_counter() - began
        assert (float(seconds) <= took_s + ROUNDED_S, len(seconds.partition(".")[2])) == (True, 4)


async def test_a_defect_does_not_say_how_long_it_took(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway_svc.internal_reports.sysinfo", broken)
    response = await client.get("/internal/sysinfo")
    assert (response.status_code, "X-Process-Time" in response.headers) == (500, False)


async def test_requests_are_logged_where_asked_for(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with start(api_log=True) as client:
        await client.get("/healthz")
    assert re.search(r"API 200 http/1.1 \S+ GET /healthz \d+\.\d{4} s", caplog.text)


async def test_readiness_is_the_inference_services(client: httpx2.AsyncClient, service: Service) -> None:
    ready = await client.get("/readyz")
    await service.serving(False)
    draining = await client.get("/readyz")
    await service.serving(True)
    assert (ready.status_code, draining.status_code) == (200, 503)
    assert draining.headers["Retry-After"] == "1"


async def test_metrics_count_requests_by_route_and_never_by_made_up_path(client: httpx2.AsyncClient) -> None:
    await client.get("/healthz")
    await client.get("/made/up")
    await client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64})
    text = (await client.get("/metrics")).text
    assert 'latentwire_gateway_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
    assert 'latentwire_gateway_requests_total{method="unknown",route="unknown",status="404"} 1.0' in text
    assert "latentwire_gateway_images_total 1.0" in text
    assert "made" not in text


async def test_the_service_is_asked_with_the_gateways_token(start: Start, script: Script) -> None:
    async with start(inference_token="secret") as client:
        await client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64})
    assert script.metadata["authorization"] == "Bearer secret"


async def test_the_api_documents_itself(client: httpx2.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/sdapi/v1/txt2img", "/sdapi/v1/img2img", "/sdapi/v1/options"} <= set(paths)
    assert (await client.get("/docs")).status_code == 200


async def test_the_documentation_needs_nothing_from_elsewhere(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 2
    assert [(await client.get(source)).status_code for source in sources] == [200] * len(sources)
