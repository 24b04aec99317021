"""The gateway before the inference service itself, with the fake engine and with the real one."""

from __future__ import annotations

import asyncio
import json
import math
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway_svc.app import create_app
from gateway_svc.settings import Settings
from latentwire import infotext
from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.gateway.answers import info, pictures
from tests.contract.serving import PATIENCE_S, Serving, until

URL = "/sdapi/v1/txt2img"
SMALL = {"prompt": "a red circle", "width": 64, "height": 64, "steps": 2, "seed": 7}


@asynccontextmanager
async def before(running: Serving, folder: Path, *others: Serving) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway before a running service, or before several replicas of it."""
    async with behind(folder, *(each.server.port for each in (running, *others))) as client:
        yield client


@asynccontextmanager
async def behind(folder: Path, *ports: int) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway before whoever listens on these ports."""
    app = create_app(Settings(inference=",".join(f"127.0.0.1:{port}" for port in ports), data_dir=folder))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway", timeout=30) as client:
            yield client


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["one", "two"])
async def gateway(
    grpc_server: Serving,
    start_server: StartServer,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway before one replica, then before two."""
    folder = tmp_path_factory.mktemp("data")
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(start_server())] if request.param == "two" else []
        yield await stack.enter_async_context(before(grpc_server, folder, *others))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway_of_one(
    grpc_server: Serving, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway before one replica, for what costs too much to be shown twice."""
    async with before(grpc_server, tmp_path_factory.mktemp("data")) as client:
        yield client


async def test_a_picture_is_made_with_the_size_and_the_text_asked_for(gateway: httpx2.AsyncClient) -> None:
    response = await gateway.post(URL, json={**SMALL, "width": 96})
    text = pictures(response)[0].info["parameters"]
    parsed = infotext.parse(text)
    assert (response.status_code, pictures(response)[0].size) == (200, (96, 64))
    assert (parsed["Prompt"], parsed["Seed"], parsed["Size-1"], parsed["Steps"]) == ("a red circle", "7", "96", "2")
    assert info(response)["infotexts"] == [text]
    assert info(response)["sd_model_name"] == parsed["Model"]


async def test_the_same_seed_gives_the_same_bytes(gateway: httpx2.AsyncClient) -> None:
    first, second = await gateway.post(URL, json=SMALL), await gateway.post(URL, json=SMALL)
    other = await gateway.post(URL, json={**SMALL, "seed": 8})
    assert first.json()["images"] == second.json()["images"]
    assert pictures(first)[0].tobytes() != pictures(other)[0].tobytes()


async def test_a_picture_of_a_batch_is_the_picture_of_its_seed_alone(gateway: httpx2.AsyncClient) -> None:
    batch = await gateway.post(URL, json={**SMALL, "batch_size": 2, "n_iter": 2})
    alone = await gateway.post(URL, json={**SMALL, "seed": 9})
    assert info(batch)["all_seeds"] == [7, 8, 9, 10]
    assert batch.json()["images"][2] == alone.json()["images"][0]


async def test_a_picture_can_be_made_from_a_picture(gateway: httpx2.AsyncClient) -> None:
    start = (await gateway.post(URL, json=SMALL)).json()["images"][0]
    body = {**SMALL, "init_images": [start], "denoising_strength": 0.5}
    response = await gateway.post("/sdapi/v1/img2img", json=body)
    assert (response.status_code, pictures(response)[0].size) == (200, (64, 64))
    assert "Denoising strength: 0.5" in info(response)["infotexts"][0]


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"steps": 0}, "steps", "0"),
        ({"steps": 1000}, "steps", "1000"),
        ({"width": 8}, "width", "8"),
        ({"width": 100_000, "height": 10_000}, "width", "100000"),
        ({"batch_size": 0}, "batch_size", "0"),
        ({"n_iter": 5000}, "n_iter", "5000"),
        ({"cfg_scale": -1}, "cfg_scale", "-1"),
        ({"subseed_strength": 2}, "subseed_strength", "2"),
        ({"s_noise": -1}, "s_noise", "-1"),
        ({"prompt": "a" * 70_000}, "prompt", "70000"),
    ],
)
async def test_a_value_out_of_range_is_told_by_field_and_value(
    gateway: httpx2.AsyncClient, changes: dict[str, Any], field: str, value: str
) -> None:
    response = await gateway.post(URL, json={**SMALL, **changes})
    found = {".".join(detail["loc"]): detail["msg"] for detail in response.json()["detail"]}
    assert (response.status_code, value in found[f"body.{field}"]) == (422, True)
    assert "allowed" in found[f"body.{field}"]


async def test_what_is_no_picture_is_refused_in_a1111s_words(gateway: httpx2.AsyncClient) -> None:
    body = {**SMALL, "init_images": [b64encode(b"no picture at all").decode()]}
    response = await gateway.post("/sdapi/v1/img2img", json=body)
    assert (response.status_code, response.json()["detail"]) == (500, "Invalid encoded image")


async def test_lists_and_options_answer(gateway: httpx2.AsyncClient) -> None:
    samplers = (await gateway.get("/sdapi/v1/samplers")).json()
    models = (await gateway.get("/sdapi/v1/sd-models")).json()
    options = (await gateway.get("/sdapi/v1/options")).json()
    assert {"Euler", "DPM++ 2M"} <= {sampler["name"] for sampler in samplers}
    assert options["sd_model_checkpoint"] in [model["title"] for model in models]
    for path in ("upscalers", "latent-upscale-modes", "loras", "embeddings", "memory", "cmd-flags"):
        assert (await gateway.get(f"/sdapi/v1/{path}")).status_code == 200


async def test_every_sampler_that_is_listed_can_be_used(gateway_of_one: httpx2.AsyncClient) -> None:
    for sampler in (await gateway_of_one.get("/sdapi/v1/samplers")).json():
        response = await gateway_of_one.post(URL, json={**SMALL, "steps": 4, "sampler_name": sampler["name"]})
        assert (response.status_code, info(response)["warnings"]) == (200, [])


async def test_the_engine_is_named_where_it_is_the_fake(gateway: httpx2.AsyncClient, grpc_server: Serving) -> None:
    response = await gateway.post(URL, json=SMALL)
    assert response.headers.get("X-Latentwire-Engine", "") == grpc_server.backend.engine_name


_few = st.sampled_from([1, 2, "3", 2.9, True, 4, "", 0, -1, 2**70, math.nan])
_numbers = st.integers(-3, 5) | st.floats() | st.booleans() | st.none() | st.text(max_size=3) | st.just(2**70)
_bodies = st.fixed_dictionaries(
    # Without steps it would be 50 of them, for up to 25 pictures.
    {"width": st.sampled_from([64, 72, 77]), "height": st.sampled_from([64, "64", 100.5]), "steps": _few},
    optional={
        **dict.fromkeys(("batch_size", "n_iter", "cfg_scale", "seed", "subseed", "eta", "s_churn"), _numbers),
        **dict.fromkeys(("subseed_strength", "s_noise", "seed_resize_from_w", "seed_resize_from_h"), _numbers),
        **dict.fromkeys(
            ("prompt", "negative_prompt", "sampler_name", "scheduler", "force_task_id"), st.text() | _numbers
        ),
        **dict.fromkeys(("styles", "override_settings", "script_args"), st.none() | st.lists(_numbers, max_size=2)),
    },
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(_bodies)
async def test_no_body_is_too_strange_for_a_clear_answer(
    gateway_of_one: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    response = await gateway_of_one.post(URL, content=json.dumps(body), headers={"Content-Type": "application/json"})
    if response.status_code == 200:
        assert len(response.json()["images"]) == len(info(response)["all_seeds"])
    else:
        assert response.status_code == 422
        assert all(detail["loc"][0] == "body" and detail["msg"] for detail in response.json()["detail"])


class TestUnderWay:
    """Generations that a test holds in the middle."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def held(self, gated: Serving, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
        async with before(gated, tmp_path) as client:
            yield client

    @staticmethod
    def ask(client: httpx2.AsyncClient, **changes: Any) -> asyncio.Task[httpx2.Response]:
        body = {**SMALL, "steps": 10, "sampler_name": "Euler", "cfg_scale": 1, "force_task_id": "task(a)", **changes}
        return asyncio.create_task(client.post(URL, json=body))

    @staticmethod
    async def shown(client: httpx2.AsyncClient) -> dict[str, Any]:
        """The progress once its preview, which another thread encodes, is there."""
        async with asyncio.timeout(PATIENCE_S):
            while not (answer := (await client.get("/sdapi/v1/progress")).json())["current_image"]:
                await asyncio.sleep(0.002)
        return dict(answer)

    async def test_progress_counts_the_steps_that_are_done(self, held: httpx2.AsyncClient, gate: Gate) -> None:
        request = self.ask(held, override_settings={"show_progress_every_n_steps": 1})
        gate.let(4)
        await until(lambda: gate.begun == 5)
        progress = await self.shown(held)
        internal = (await held.post("/internal/progress", json={"id_task": "task(a)"})).json()
        gate.open()
        await request
        assert (progress["state"]["sampling_step"], progress["state"]["sampling_steps"]) == (3, 10)
        assert progress["progress"] == pytest.approx(0.31)
        assert (internal["active"], internal["progress"]) == (True, pytest.approx(0.3))
        assert internal["live_preview"].startswith("data:image/png;base64,")
        assert b64decode(progress["current_image"]).startswith(b"\x89PNG")

    async def test_when_all_is_done_the_task_is_completed_and_nothing_runs(
        self, held: httpx2.AsyncClient, gate: Gate
    ) -> None:
        gate.open()
        await self.ask(held)
        progress = (await held.get("/sdapi/v1/progress")).json()
        internal = (await held.post("/internal/progress", json={"id_task": "task(a)"})).json()
        assert (progress["progress"], progress["state"]["job_count"]) == (0.0, 0)
        assert (internal["active"], internal["completed"]) == (False, True)

    async def test_interrupt_returns_the_picture_as_it_is(self, held: httpx2.AsyncClient, gate: Gate) -> None:
        request = self.ask(held, n_iter=3)
        gate.let(2)
        await until(lambda: gate.begun == 3)
        await held.post("/sdapi/v1/interrupt")
        gate.open()
        response = await request
        assert (response.status_code, len(pictures(response)), gate.begun) == (200, 1, 3)

    async def test_skip_goes_on_with_the_next_batch(self, held: httpx2.AsyncClient, gate: Gate) -> None:
        request = self.ask(held, n_iter=2)
        gate.let(2)
        await until(lambda: gate.begun == 3)
        await held.post("/sdapi/v1/skip")
        gate.open()
        response = await request
        assert (len(pictures(response)), gate.begun) == (2, 13)

    async def test_one_task_is_stopped_and_the_other_goes_on(
        self, held: httpx2.AsyncClient, gated: Serving, gate: Gate
    ) -> None:
        one = self.ask(held)
        await until(lambda: gate.begun == 1)
        two = self.ask(held, force_task_id="task(b)")
        await until(lambda: sum(gated.backend.engine.counts()) == 2)
        await held.post("/sdapi/v1/interrupt?id_task=task(b)")
        gate.let(1)
        stopped, going_on = await two, not one.done()
        gate.open()
        assert (stopped.status_code, going_on, len(pictures(await one))) == (200, True, 1)
