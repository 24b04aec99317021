"""What docs/a1111-compatibility.md says, tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner
from httpx2 import ASGITransport, AsyncClient

import latentwire.serve
from gateway_svc.app import create_app
from gateway_svc.files import FileFormat
from gateway_svc.lifetime import Lifetime
from gateway_svc.sdapi import option_spec
from gateway_svc.sdapi.enlarging import Order, to_contract
from gateway_svc.sdapi.extras_schemas import Enlarging, SingleRequest
from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.scripts.registry import SCRIPTS
from gateway_svc.settings import Settings
from inference_svc.sampling import SAMPLERS, SCHEDULERS
from latentwire.cli import main
from latentwire.serve import Pair
from latentwire.v1.types_pb2 import Task
from tests.contract.gateway.answers import pictures
from tests.contract.gateway.probing import IMG2IMG, TXT2IMG, Probe, effect
from tests.contract.gateway.scripted import Script, Service
from tests.contract.gateway.test_with_service import before
from tests.contract.serving import Serving
from tools.compatibility import fields, flags, input_fields, option_cases, routes, scripts
from tools.compatibility.__main__ import ROOT, exists, faults
from tools.compatibility.fields import BASE, Case, Effect
from tools.compatibility.input_fields import PICTURE
from tools.compatibility.rows import Row, Table, Verdict
from tools.compatibility.tables import tables

SINGLE = "/sdapi/v1/extra-single-image"
FIRST_PICTURE = {"init_images": [PICTURE]}
CASES = [
    *((TXT2IMG, case) for case in (*fields.COMMON, *fields.TXT2IMG)),
    *((IMG2IMG, case) for case in (*fields.COMMON, *input_fields.IMG2IMG)),
]
OPTIONS = list(option_cases.cases())
UNDOCUMENTED = {"GET /", "GET /docs", "GET /redoc", "GET /openapi.json"}
BODIES: dict[str, dict[str, Any]] = {
    TXT2IMG: dict(BASE),
    IMG2IMG: {**BASE, **FIRST_PICTURE},
    SINGLE: {"image": PICTURE},
    "/sdapi/v1/extra-batch-images": {"imageList": [{"data": PICTURE, "name": "a"}]},
    "/sdapi/v1/png-info": {"image": PICTURE},
    "/sdapi/v1/interrogate": {"image": PICTURE},
    "/sdapi/v1/options": {},
    "/internal/progress": {"id_task": "task(a)"},
    **{f"/sdapi/v1/{verb}/{what}": {} for verb in ("create", "train") for what in ("embedding", "hypernetwork")},
}
STATUSES = {"/sdapi/v1/interrogate": 404, "/sd_extra_networks/thumb": 404}
"""Of requests for what is not there: a model that describes pictures, a picture of a network."""
ARGUMENTS: dict[str, list[Any]] = {
    "Prompts from file or textbox": [False, False, "start", "a"],
    "X/Y/Z plot": [4, "4,5"],
    "SD upscale": ["", 8, "Lanczos", 2.0],
    "Outpainting mk2": ["", 8],
}
"""Of scripts whose own defaults ask for larger pictures."""
A1111_SAMPLERS = (
    *("DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 2S a", "DPM++ 3M SDE", "Euler a", "Euler"),
    *("LMS", "Heun", "DPM2", "DPM2 a", "DPM fast", "DPM adaptive", "Restart", "DDIM", "DDIM CFG++", "PLMS", "UniPC"),
    "LCM",
)
A1111_SCHEDULERS = (
    *("automatic", "uniform", "karras", "exponential", "polyexponential", "sgm_uniform", "kl_optimal"),
    *("align_your_steps", "simple", "normal", "ddim", "beta"),
)


def named(cases: list[Any]) -> list[str]:
    return [f"{case[0].rsplit('/', 1)[1]}-{case[1].name}" if isinstance(case, tuple) else case.name for case in cases]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scripted(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[AsyncClient, Path]]:
    """One gateway with a style, before a scripted service, and its folder."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "styles.csv").write_text("name,prompt,negative_prompt\nwarm,warm {prompt},cold\n")
    async with through(Settings(inference=f"127.0.0.1:{service.port}", data_dir=folder)) as client:
        yield client, folder


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(fake_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncClient]:
    """One gateway before the fake engine."""
    async with before(fake_server, tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def probe(scripted: tuple[AsyncClient, Path], script: Script) -> Probe:
    """The first of them, as it was in the beginning."""
    client, folder = scripted
    script.chunk_bytes = 2**20
    return Probe(client, script, folder)


def without(case: Case, route: str) -> dict[str, Any]:
    """The body that the value is put into."""
    body = {**BASE, **(FIRST_PICTURE if route == IMG2IMG else {}), **case.base}
    return {name: value for name, value in body.items() if name not in case.without}


@asynccontextmanager
async def through(settings: Settings) -> AsyncIterator[AsyncClient]:
    """A gateway through ASGI."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app=app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


async def seen(
    probe: Probe, route: str, one: Mapping[str, Any], other: Mapping[str, Any], *, later: bool = False
) -> Effect:
    """What differs between two bodies. Both write into a folder that is empty."""
    probe.clear()
    first = await probe.look(route, one, later=later)
    probe.clear()
    return effect(first, await probe.look(route, other, later=later))


@pytest.mark.parametrize(("route", "case"), CASES, ids=named(CASES))
async def test_a_field_shows_where_the_table_says(probe: Probe, route: str, case: Case) -> None:
    body = without(case, route)
    later = case.name.startswith("override_settings")
    assert await seen(probe, route, body, {**body, case.name: case.value}, later=later) == case.effect


@pytest.mark.parametrize("case", OPTIONS, ids=named(OPTIONS))
async def test_an_option_shows_where_it_works(probe: Probe, case: Case) -> None:
    route = IMG2IMG if "init_images" in case.base else TXT2IMG
    body = without(case, route)
    settings = {**body.get("override_settings", {}), case.name: case.value}
    assert await seen(probe, route, body, {**body, "override_settings": settings}) == case.effect


def test_every_field_is_in_the_table_once() -> None:
    assert sorted(case.name for route, case in CASES if route == TXT2IMG) == sorted(Txt2ImgRequest.model_fields)
    assert sorted(case.name for route, case in CASES if route == IMG2IMG) == sorted(Img2ImgRequest.model_fields)
    assert sorted(case.name for case in input_fields.EXTRAS) == sorted(Enlarging.model_fields)


def test_every_option_that_works_is_tried() -> None:
    works = {spec.name for spec in option_spec.OPTION_SPECS if spec.effect is option_spec.Effect.WORKS}
    assert {case.name for case in OPTIONS} | set(option_cases.ELSEWHERE) == works


@pytest.mark.parametrize(
    "name", [spec.name for spec in option_spec.OPTION_SPECS if spec.effect is option_spec.Effect.UNSERVED]
)
async def test_an_option_without_effect_is_said(probe: Probe, name: str) -> None:
    default = Options.model_fields[name].default
    changed = {**BASE, "override_settings": {name: option_cases.other(default)}}
    assert await seen(probe, TXT2IMG, BASE, changed) == Effect.SAID


@pytest.mark.parametrize("name", sorted(option_spec.READ_ONLY))
async def test_an_option_of_the_server_is_not_changed(gateway: AsyncClient, name: str) -> None:
    before = (await gateway.get("/sdapi/v1/options")).json()
    await gateway.post("/sdapi/v1/options", json={name: "0"})
    assert (await gateway.get("/sdapi/v1/options")).json() == before


def test_tiles_of_upscalers_are_as_the_options_say() -> None:
    options = Options(ESRGAN_tile=64, ESRGAN_tile_overlap=16)
    order = Order(SingleRequest(upscaler_1="Lanczos"), options, FileFormat(), Task())
    request = to_contract(b"", order)
    assert (request.tile, request.overlap) == (64, 16)


@pytest.mark.parametrize(
    ("title", "kind"), [(script.title, kind) for script in SCRIPTS for kind in script.kinds], ids=lambda part: part
)
async def test_a_script_makes_pictures(gateway: AsyncClient, title: str, kind: str) -> None:
    body = {**BASE, **FIRST_PICTURE, "script_name": title.lower(), "script_args": ARGUMENTS.get(title, [])}
    answer = await gateway.post(f"/sdapi/v1/{kind}", json=body)
    assert answer.status_code == 200, answer.text
    assert len(pictures(answer)) > 0


def test_all_scripts_of_a1111_are_in_the_tables() -> None:
    assert {row.name.lower() for row in scripts.selectable()} == scripts.A1111_SELECTABLE
    assert {row.name.lower() for row in scripts.always_on()} == scripts.A1111_ALWAYS_ON


def test_samplers_and_schedulers_are_a1111s() -> None:
    assert tuple(SAMPLERS) == A1111_SAMPLERS
    assert tuple(SCHEDULERS) == A1111_SCHEDULERS


def started(monkeypatch: pytest.MonkeyPatch, flag: str) -> tuple[list[str], str]:
    """What the gateway is started with, and what is printed."""
    asked: list[Pair] = []

    async def instead(pair: Pair, *_: object, **__: object) -> int:
        asked.append(pair)
        return 0

    monkeypatch.setattr(latentwire.serve, "serve", instead)
    done = CliRunner().invoke(main, ["serve", "--port=0", "--inference-port=0", flag])
    return list(asked[0].gateway), done.output


@pytest.mark.parametrize(
    ("flag", "name", "value"),
    [
        ("--listen", "--host", "0.0.0.0"),
        ("--server-name=127.0.0.2", "--host", "127.0.0.2"),
        ("--timeout-keep-alive=5", "--timeout-keep-alive", "5"),
    ],
)
def test_a_flag_reaches_the_gateway(monkeypatch: pytest.MonkeyPatch, flag: str, name: str, value: str) -> None:
    gateway, _ = started(monkeypatch, flag)
    assert value in (gateway[gateway.index(name) + 1] if name in gateway else str(gateway))


@pytest.mark.parametrize("name", sorted(flags.IDLE))
def test_a_flag_that_is_always_so_is_taken_and_says_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    gateway, output = started(monkeypatch, f"--{name}")
    assert (output, f"--{name}" in gateway) == (f"--{name} is accepted and changes nothing here.\n", False)


def test_a_flag_of_no_use_here_is_refused() -> None:
    for name in flags.refused():
        done = CliRunner().invoke(main, ["serve", flags.written(name).strip("`")])
        assert (name, done.exit_code, "No such option" in done.output) == (name, 2, True)


def test_every_route_is_in_the_table(tmp_path: Path) -> None:
    lifetime = Lifetime(lambda: None, supervised=True)
    app = create_app(Settings(data_dir=tmp_path, api_server_stop=True), lifetime)
    served = {f"{method.upper()} {path}" for path, ways in app.openapi()["paths"].items() for method in ways}
    assert {route for route in served if " /api/v1/" not in route} | UNDOCUMENTED == {
        row.name for row in routes.ROUTES
    } | routes.OWN


@pytest.mark.parametrize("row", [row for row in routes.ROUTES if "server-" not in row.name], ids=lambda row: row.name)
async def test_a_route_answers_as_the_table_says(gateway: AsyncClient, row: Row) -> None:
    method, path = row.name.split()
    answer = await gateway.request(method, path, json=BODIES.get(path) if method == "POST" else None)
    expected = 501 if row.verdict is Verdict.REFUSED else STATUSES.get(path, 200)
    assert (answer.status_code, path) == (expected, path)


@pytest.mark.parametrize(
    ("test", "there"),
    [
        ("tests/e2e/test_a1111_suite.py::TestExtras", True),
        ("tests/e2e/test_a1111_suite.py::TestExtras::test_lanczos_doubles_a_picture_as_pillow_does", True),
        ("tests/e2e/test_a1111_suite.py::TestExtras::test_nothing", False),
        ("tests/e2e/test_a1111_suite.py::made", False),
        ("tests/e2e/test_a1111_suite.py", False),
        ("tests/e2e/test_nothing.py::test_nothing", False),
    ],
)
def test_a_test_is_found_where_it_is(test: str, there: bool) -> None:
    assert exists(ROOT, test) == there


def test_the_document_is_as_the_code_has_it() -> None:
    assert list(faults(ROOT, list(tables()))) == []


def test_a_stale_document_and_a_lost_test_are_told(tmp_path: Path) -> None:
    lost = Table("Routes", "", "route", (Row("GET /", Verdict.WORKS, "tests/test_lost.py::test_lost"),))
    assert len(list(faults(tmp_path, [lost]))) == 2


class TestExtras:
    """With the fake engine."""

    @staticmethod
    async def looked(gateway: AsyncClient, body: Mapping[str, Any]) -> dict[Effect, object]:
        answer = await gateway.post(SINGLE, json={"image": PICTURE, **body})
        said = answer.headers.get("X-Latentwire-Warning", "")
        return {Effect.REFUSED: answer.status_code, Effect.ANSWER: answer.json(), Effect.SAID: said}

    @pytest.mark.parametrize("case", input_fields.EXTRAS, ids=named(list(input_fields.EXTRAS)))
    async def test_a_field_shows_where_the_table_says(self, gateway: AsyncClient, case: Case) -> None:
        first = await self.looked(gateway, case.base)
        assert effect(first, await self.looked(gateway, {**case.base, case.name: case.value})) == case.effect
