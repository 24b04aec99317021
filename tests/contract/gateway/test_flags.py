"""A1111's start flags, as far as they show in answers."""

from __future__ import annotations

import re

import httpx2
import pytest

from gateway_svc.app import create_app
from gateway_svc.lifetime import Lifetime
from gateway_svc.settings import Settings
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script, Service

STOPS = ("server-kill", "server-restart", "server-stop")


class Ends(list[str]):
    """What a lifetime was told."""

    def lifetime(self, *, supervised: bool) -> Lifetime:
        return Lifetime(lambda: self.append("stopped"), supervised=supervised, exit_now=lambda _: self.append("gone"))


async def told(service: Service, path: str, *, supervised: bool) -> tuple[httpx2.Response, Ends, Lifetime]:
    ends = Ends()
    lifetime = ends.lifetime(supervised=supervised)
    app = create_app(Settings(inference=f"127.0.0.1:{service.port}", api_server_stop=True), lifetime)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.post(f"/sdapi/v1/{path}"), ends, lifetime


@pytest.mark.parametrize("path", STOPS)
async def test_nobody_stops_a_server_that_does_not_allow_it(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.post(f"/sdapi/v1/{path}")
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


async def test_stopping_says_so_in_plain_text(service: Service) -> None:
    response, ends, _ = await told(service, "server-stop", supervised=False)
    assert (response.status_code, response.text, ends) == (200, "Stopping.", ["stopped"])
    assert response.headers["Content-Type"].startswith("text/plain")


async def test_killing_waits_for_nothing(service: Service) -> None:
    _, ends, _ = await told(service, "server-kill", supervised=False)
    assert ends == ["gone"]


async def test_nothing_restarts_where_nobody_would_start_it_again(service: Service) -> None:
    response, ends, _ = await told(service, "server-restart", supervised=False)
    assert (response.status_code, response.content, ends) == (501, b"", [])


async def test_restarting_ends_in_order_under_supervision(service: Service) -> None:
    response, ends, lifetime = await told(service, "server-restart", supervised=True)
    assert (response.status_code, ends, lifetime.status) == (200, ["stopped"], 81)


@pytest.mark.parametrize("prefix", ["/sd", ""])
async def test_all_is_there_below_a_subpath_whether_the_proxy_takes_it_off_or_not(start: Start, prefix: str) -> None:
    paths = ("/", "/docs", "/redoc", "/openapi.json", "/page.js", "/sdapi/v1/options", "/healthz")
    async with start(subpath="/sd") as client:
        assert [(await client.get(prefix + path)).status_code for path in paths] == [200] * len(paths)
        assert (await client.get(prefix + "x")).status_code == 404


async def test_the_documentation_below_a_subpath_refers_to_itself_there(start: Start) -> None:
    async with start(subpath="sd") as client:
        page = (await client.get("/sd/docs")).text
        sources = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert all(source.startswith("/sd/") for source in sources)
        assert [(await client.get(source)).status_code for source in sources] == [200] * len(sources)
        assert "'/sd/openapi.json'" in page
        assert (await client.get("/sd/openapi.json")).json()["servers"] == [{"url": "/sd"}]


async def test_below_a_subpath_only_health_is_open_to_all(start: Start) -> None:
    async with start(subpath="/sd", api_auth="ann:a") as client:
        answers = [await client.get(path) for path in ("/sd/healthz", "/sd/internal/ping", "/healthz", "/sdhealthz")]
    assert [answer.status_code for answer in answers] == [200, 401, 200, 401]


async def test_pictures_below_a_subpath_are_not_compressed(start: Start) -> None:
    async with start(subpath="/sd") as client:
        response = await client.post("/sd/sdapi/v1/txt2img", json={"width": 64, "height": 64})
    assert (response.status_code, "Content-Encoding" in response.headers) == (200, False)


async def test_a_log_line_can_not_be_forged_by_a_path(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="gateway_svc.requests")
    async with start(api_log=True) as client:
        await client.get("/a%0AAPI 200 forged")
    (record,) = [record.getMessage() for record in caplog.records if record.name == "gateway_svc.requests"]
    assert "\n" not in record


async def test_frozen_settings_are_changed_by_nobody(start: Start, script: Script) -> None:
    kept = {"override_settings": {"rho": 3}, "override_settings_restore_afterwards": False}
    async with start(freeze_settings=True) as client:
        answers = [
            await client.post("/sdapi/v1/options", json={"rho": 3, "sd_model_checkpoint": "other"}),
            await client.post("/sdapi/v1/txt2img", json=kept),
        ]
        own = await client.post("/sdapi/v1/txt2img", json={"override_settings": {"rho": 3}})
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (500, "AssertionError")
        assert answer.json()["errors"] == "changing settings is disabled"
    assert (own.status_code, script.loads) == (200, [])


async def test_folders_stay_where_they_are_when_they_are_hidden(start: Start) -> None:
    async with start(hide_ui_dir_config=True) as client:
        response = await client.post("/sdapi/v1/options", json={"outdir_samples": "elsewhere", "rho": 3})
        options = (await client.get("/sdapi/v1/options")).json()
    assert (response.status_code, options["outdir_samples"], options["rho"]) == (200, "", 3.0)
