"""The gateway before two scripted replicas: who is asked for what, and what becomes of work when one is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from gateway_svc.app import create_app
from gateway_svc.settings import Settings
from latentwire.errors import (
    Cancelled,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    LatentwireError,
    OutOfMemory,
    QueueFull,
    Unavailable,
)
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types
from tests.contract.gateway.answers import info
from tests.contract.gateway.courses import Read
from tests.contract.gateway.replicas import STEPS, Replica, Replicas
from tests.contract.serving import PATIENCE_S, until

URL = "/sdapi/v1/txt2img"
SMALL = {"width": 64, "height": 64, "steps": STEPS}
Start = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest_asyncio.fixture(loop_scope="module")
async def pair() -> AsyncIterator[Replicas]:
    """Two that draw different seeds."""
    replicas = Replicas((Replica("one", seed=1), Replica("two", seed=2)))
    for replica in replicas.each:
        await replica.start()
    yield replicas
    for replica in replicas.each:
        await replica.stop()


@pytest.fixture
def start(pair: Replicas, tmp_path: Path) -> Start:
    """Makes a gateway before both, with other settings."""

    @asynccontextmanager
    async def started(**settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
        app = create_app(Settings(**{"inference": pair.where, "data_dir": tmp_path, "resume_every": 3, **settings}))
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gateway", timeout=PATIENCE_S) as client:
                await until_both_serve(client)
                yield client

    return started


@pytest_asyncio.fixture(loop_scope="module")
async def client(start: Start) -> AsyncIterator[httpx2.AsyncClient]:
    async with start() as client:
        yield client


def ask(client: httpx2.AsyncClient, **fields: Any) -> asyncio.Task[httpx2.Response]:
    return asyncio.create_task(client.post(URL, json={**SMALL, **fields}))


async def under_way(
    client: httpx2.AsyncClient, pair: Replicas, read: Read, hold_at: tuple[int, int], **fields: Any
) -> tuple[asyncio.Task[httpx2.Response], Replica, Replica]:
    """Asks; returns once one replica waits before a step of a picture and the gateway has read all that came before.

    The answer to come, that replica, and the other one.
    """
    picture, step = hold_at
    read.clear()
    pair.hold_at(picture, step)
    request = ask(client, **fields)
    waiting, other = await pair.held()
    await until(lambda: read.count(f"step {step - 1}") == picture + 1)
    return request, waiting, other


async def figure(client: httpx2.AsyncClient, name: str) -> float:
    """The sum of a metric over its labels."""
    lines = (await client.get("/metrics")).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"latentwire_gateway_{name}"))


async def until_both_serve(client: httpx2.AsyncClient) -> None:
    """Returns once work goes to both: a channel that has just been opened knows nobody yet."""
    seen: set[str] = set()
    async with asyncio.timeout(PATIENCE_S):
        while len(seen) < 2:
            answer = await client.post("/sdapi/v1/txt2img", json={**SMALL, "seed": -1, "steps": 1})
            seen.add(str(info(answer)["seed"]) if answer.status_code == 200 else "")
            seen.discard("")


@pytest.fixture(autouse=True)
def _forget_the_first_requests(client: httpx2.AsyncClient, pair: Replicas) -> None:
    for replica in pair.each:
        replica.walk.requests.clear()


async def test_new_work_goes_to_both_in_turn(client: httpx2.AsyncClient, pair: Replicas) -> None:
    await asyncio.gather(*(ask(client) for _ in range(8)))
    assert [len(replica.walk.requests) for replica in pair.each] == [4, 4]


async def test_a_generation_goes_on_at_the_other_replica_from_its_last_point(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    undisturbed = (await ask(client, seed=5)).json()["images"]
    request, lost, other = await under_way(client, pair, read, (0, 9), seed=5)
    await lost.stop()
    answer = await request
    resumed = other.walk.requests[-1]
    assert (answer.status_code, answer.json()["images"]) == (200, undisturbed)
    assert [each.state.step for each in resumed.resume_from.pictures] == [6]
    assert (await figure(client, "failovers_total"), await figure(client, "steps_recomputed_total")) == (1, 2)


async def test_a_random_seed_is_the_same_at_the_other_replica(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    request, lost, other = await under_way(client, pair, read, (0, 2), seed=-1)
    await lost.stop()
    answer = await request
    again = other.walk.requests[-1]
    assert (answer.status_code, info(answer)["seed"]) == (200, lost.walk.seed)
    assert (again.noise.seed, again.HasField("resume_from")) == (lost.walk.seed, False)
    assert await figure(client, "steps_recomputed_total") == 1


async def test_pictures_that_have_come_are_not_made_again(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    undisturbed = (await ask(client, seed=5, n_iter=3)).json()["images"]
    request, lost, other = await under_way(client, pair, read, (1, 5), seed=5, n_iter=3)
    await lost.stop()
    answer = await request
    stages = [each.stage for each in other.walk.requests[-1].resume_from.pictures]
    assert (answer.status_code, answer.json()["images"]) == (200, undisturbed)
    assert stages == [types.PICTURE_STAGE_DELIVERED, types.PICTURE_STAGE_FIRST_PASS]


async def test_without_points_it_begins_anew(start: Start, pair: Replicas, read: Read) -> None:
    async with start(resume_every=0) as client:
        request, lost, other = await under_way(client, pair, read, (1, 5), seed=5, n_iter=2)
        await lost.stop()
        answer = await request
    assert (answer.status_code, len(answer.json()["images"])) == (200, 2)
    assert not other.walk.requests[-1].HasField("resume_from")


async def test_input_pictures_go_with_it(client: httpx2.AsyncClient, pair: Replicas, read: Read) -> None:
    image = (await ask(client, seed=5)).json()["images"][0]
    read.clear()
    pair.hold_at(0, 5)
    body = {**SMALL, "init_images": [image], "mask": image, "seed": 5}
    request = asyncio.create_task(client.post("/sdapi/v1/img2img", json=body))
    lost, other = await pair.held()
    await until(lambda: "step 4" in read)
    first = lost.walk.requests[-1]
    await lost.stop()
    answer, again = await request, other.walk.requests[-1]
    assert answer.status_code == 200
    assert (again.init.images, again.inpaint.mask) == (first.init.images, first.inpaint.mask)


async def test_a_point_that_the_other_one_can_not_read_is_done_without(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    request, lost, other = await under_way(client, pair, read, (0, 9), seed=5)
    other.walk.refuse_points = FailedPrecondition("version 1 is not known here")
    await lost.stop()
    answer = await request
    assert answer.status_code == 200
    assert [each.HasField("resume_from") for each in other.walk.requests][-2:] == [True, False]


async def test_a_model_that_the_other_one_has_not_loaded_is_loaded(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    request, lost, other = await under_way(client, pair, read, (0, 9), seed=5)
    other.walk.unloaded.add("flatland")
    await lost.stop()
    answer = await request
    assert (answer.status_code, other.walk.loads) == (200, ["flatland"])


async def test_a_model_of_the_same_name_that_is_another_is_not_gone_on_with(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    request, lost, other = await under_way(client, pair, read, (0, 9), seed=5)
    other.walk.digest = "another"
    await lost.stop()
    answer = await request
    assert (answer.status_code, "has another model" in answer.json()["detail"]) == (400, True)


async def test_a_full_queue_of_the_other_one_is_waited_for(
    client: httpx2.AsyncClient, pair: Replicas, read: Read
) -> None:
    request, lost, other = await under_way(client, pair, read, (0, 9), seed=5)
    other.walk.error = QueueFull("64 wait", retry_after_s=0.01)
    await lost.stop()
    async with asyncio.timeout(PATIENCE_S):
        while not other.walk.requests:
            await asyncio.sleep(0.002)
    other.walk.error = None
    assert (await request).status_code == 200


@pytest.mark.parametrize(
    "error",
    [
        InvalidArgument.of("steps", 0, "1 to 150"),
        OutOfMemory("no room"),
        Cancelled("by CancelGeneration"),
        Internal("a defect"),
        QueueFull("64 wait", retry_after_s=1),
        Unavailable("it is being loaded", reason="MODEL_LOADING", retry_after_s=1),
    ],
    ids=lambda error: error.reason,
)
async def test_what_another_replica_can_not_cure_is_asked_once(
    client: httpx2.AsyncClient, pair: Replicas, error: LatentwireError
) -> None:
    for replica in pair.each:
        replica.walk.error = error
    answer = await ask(client)
    assert (answer.status_code == 200, len(pair.requests())) == (False, 1)


async def test_one_that_drains_hands_new_work_on(client: httpx2.AsyncClient, pair: Replicas) -> None:
    pair.each[0].walk.error = Unavailable("the server is shutting down", reason="DRAINING", retry_after_s=1)
    answers = await asyncio.gather(*(ask(client) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4


async def test_a_generation_that_loses_every_replica_is_a_503(
    client: httpx2.AsyncClient, pair: Replicas, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway_svc.inference.carrying.BEGUN_S", 0.1)
    request, lost, other = await under_way(client, pair, read, (0, 9))
    await other.stop()
    await lost.stop()
    answer = await request
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


async def test_with_one_replica_down_everything_works(client: httpx2.AsyncClient, pair: Replicas) -> None:
    await pair.each[0].stop()
    names = ("samplers", "schedulers", "upscalers", "sd-models", "loras", "embeddings", "progress", "memory", "options")
    found = {name: (await client.get(f"/sdapi/v1/{name}")).status_code for name in names}
    made = [(await ask(client)).status_code for _ in range(3)]
    assert (found, made) == (dict.fromkeys(names, 200), [200] * 3)


async def test_readiness_tells_which_replica_is_down(client: httpx2.AsyncClient, pair: Replicas) -> None:
    first, second = pair.each
    whole = (await client.get("/readyz")).json()
    await first.serving(False)
    degraded = (await client.get("/readyz")).json()
    await second.serving(False)
    none = await client.get("/readyz")
    assert whole == {"status": "ready", "replicas": {first.address: "SERVING", second.address: "SERVING"}}
    expected = {"status": "degraded", "replicas": {first.address: "is NOT_SERVING", second.address: "SERVING"}}
    assert (degraded, none.status_code) == (expected, 503)
    assert f"{first.address} is NOT_SERVING" in none.json()["detail"]


async def test_metrics_are_told_by_replica(client: httpx2.AsyncClient, pair: Replicas) -> None:
    await client.get("/readyz")
    before = await figure(client, "replica_generations_total")
    await asyncio.gather(*(ask(client) for _ in range(4)))
    await pair.each[1].serving(False)
    text = (await client.get("/metrics")).text
    assert await figure(client, "replica_generations_total") == before + 4
    for replica, serving in zip(pair.each, (1.0, 0.0), strict=True):
        assert f'latentwire_gateway_replica_serving{{replica="{replica.address}"}} {serving}' in text
        assert f'latentwire_gateway_replica_generations_total{{replica="{replica.address}"}}' in text


def generation(name: str, second: int, state: types.GenerationState.ValueType) -> gs.Generation:
    task = types.Task(task_id=f"task({name})", kind="txt2img", count=1)
    return gs.Generation(request_id=name, task=task, state=state, accept_time=Timestamp(seconds=second))


async def test_progress_is_that_of_the_oldest_wherever_it_runs(client: httpx2.AsyncClient, pair: Replicas) -> None:
    for replica, (name, second) in zip(pair.each, (("new", 9), ("old", 5)), strict=True):
        replica.walk.records = [generation(name, second, types.GENERATION_STATE_RUNNING)]
    pair.each[1].walk.records[0].progress.CopyFrom(gs.Progress(step=5, step_count=10))
    progress = (await client.get("/sdapi/v1/progress")).json()
    assert progress["state"]["sampling_steps"] == 10


async def test_an_interrupt_reaches_the_replica_that_has_the_generation(
    client: httpx2.AsyncClient, pair: Replicas
) -> None:
    pair.hold_at(0, 5)
    request = ask(client, force_task_id="task(a)")
    holder, other = await pair.held()
    name = holder.walk.requests[-1].request_id
    holder.walk.records = [generation(name, 5, types.GENERATION_STATE_RUNNING)]
    interrupted = await client.post("/sdapi/v1/interrupt")
    assert (interrupted.status_code, (await request).status_code) == (200, 200)
    assert [each.request_id for each in holder.walk.stops] == [name]
    assert other.walk.stops == []


async def test_an_interrupt_follows_the_generation_to_the_other_replica(
    client: httpx2.AsyncClient, pair: Replicas
) -> None:
    pair.hold_at(0, 5)
    request = ask(client)
    lost, other = await pair.held()
    name = lost.walk.requests[-1].request_id
    lost.walk.records = [generation(name, 5, types.GENERATION_STATE_RUNNING)]
    lost.walk.error = Unavailable("gone before it could", reason="CONNECTION_LOST")
    await client.post("/sdapi/v1/interrupt")
    await lost.stop()
    assert (await request).status_code == 200
    assert [each.request_id for each in other.walk.stops if each.request_id == name] != []


async def test_models_come_and_go_everywhere(client: httpx2.AsyncClient, pair: Replicas) -> None:
    for replica in pair.each:
        await replica.serving(False)
    unloaded = await client.post("/sdapi/v1/unload-checkpoint")
    loaded = await client.post("/sdapi/v1/reload-checkpoint")
    chosen = await client.post("/sdapi/v1/options", json={"sd_model_checkpoint": "other"})
    assert [answer.status_code for answer in (unloaded, loaded, chosen)] == [200] * 3
    for replica in pair.each:
        assert (replica.walk.unloads, replica.walk.loads) == (["flatland"], ["flatland", "other"])


async def test_a_model_that_nobody_has_is_refused(client: httpx2.AsyncClient, pair: Replicas) -> None:
    pair.each[0].walk.models = [model for model in pair.each[0].walk.models if model.name == "flatland"]
    listed = (await client.get("/sdapi/v1/sd-models")).json()
    assert [model["model_name"] for model in listed] == ["flatland", "other"]


async def test_memory_is_that_of_all_together(client: httpx2.AsyncClient, pair: Replicas) -> None:
    for replica in pair.each:
        replica.walk.memory.total_bytes, replica.walk.memory.process_bytes = 100, 10
    memory = (await client.get("/sdapi/v1/memory")).json()
    assert memory["ram"] == {"free": 180, "used": 20, "total": 200}
