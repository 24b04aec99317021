"""/api/v1 before the inference service itself, with the fake engine and with the real one."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from google.rpc import code_pb2

from gateway_svc.native import DETACH_GRACE_S
from gateway_svc.settings import Settings
from latentwire.v1 import types_pb2 as t
from tests.contract.gate import Gate
from tests.contract.gateway.test_disconnect import served
from tests.contract.gateway.test_with_service import before
from tests.contract.serving import PATIENCE_S, Serving, asked, known, make, until

GENERATE = "/api/v1/images:generate"
EVENTS = {"Accept": "text/event-stream"}


def body(request_id: str = "", steps: int = 2, **fields: Any) -> dict[str, Any]:
    """The request of `asked`, as JSON."""
    usual = {"prompt": "a red circle", "width": 64, "height": 64, "sampling": {"steps": steps}, "noise": {"seed": "7"}}
    return {**usual, "requestId": request_id, **fields}


@pytest.fixture
def name() -> str:
    """A request id of the test's own."""
    return uuid4().hex


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(grpc_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    async with before(grpc_server, tmp_path_factory.mktemp("data")) as client:
        yield client


@asynccontextmanager
async def listening(running: Serving, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a gateway as users run it: its answers come as they are made, and it can go away."""
    async with listening_to(f"127.0.0.1:{running.server.port}", folder) as client:
        yield client


@asynccontextmanager
async def listening_to(where: str, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The same of a gateway before whoever is there."""
    settings = Settings(inference=where, data_dir=folder)
    async with served(settings) as (_, port):
        url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE_S, trust_env=False) as client:
            yield client


def results(response: httpx2.Response) -> list[dict[str, Any]]:
    """The messages of a stream of lines."""
    return [json.loads(line)["result"] for line in response.text.splitlines()]


def events(response: httpx2.Response) -> list[dict[str, str]]:
    """What a client of events makes of a body, the opening left out."""
    blocks = response.text.split("\n\n")[1:-1]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if not block.startswith(":")]


async def next_event(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The message of the next event."""
    async for line in lines:
        if line.startswith("data: "):
            told: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return told
    raise AssertionError("the stream is over")


def picture(messages: list[dict[str, Any]]) -> bytes:
    """The picture in a stream of events."""
    return b"".join(b64decode(message["image"]["data"]) for message in messages if "image" in message)


async def test_lines_are_the_events_of_the_call(gateway: httpx2.AsyncClient, grpc_server: Serving) -> None:
    response = await gateway.post(GENERATE, json=body())
    made = await make(grpc_server.generation, asked())
    told = results(response)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/x-ndjson")
    assert picture(told) == made.pictures[0].data
    assert (told[0]["accepted"]["seeds"], told[-1]["completed"]["imageCount"]) == (["7"], 1)
    numbers = [int(message["sequence"]) for message in told]
    assert numbers == sorted(set(numbers))


async def test_events_are_those_of_the_call_with_their_sequence_as_id(
    gateway: httpx2.AsyncClient, grpc_server: Serving
) -> None:
    told = events(await gateway.post(GENERATE, json=body(), headers=EVENTS))
    messages = [json.loads(event["data"]) for event in told]
    made = await make(grpc_server.generation, asked())
    assert [event["id"] for event in told] == [message["sequence"] for message in messages]
    assert picture(messages) == made.pictures[0].data
    assert messages[0]["accepted"]["resolved"]["detachGrace"] == f"{DETACH_GRACE_S}s"


async def test_a_grace_that_is_given_stands(gateway: httpx2.AsyncClient) -> None:
    told = events(await gateway.post(GENERATE, json=body(detachGrace="3s"), headers=EVENTS))
    assert json.loads(told[0]["data"])["accepted"]["resolved"]["detachGrace"] == "3s"


async def test_a_client_of_events_that_lost_its_connection_goes_on_after_the_last_one(
    gated: Serving, gate: Gate, tmp_path: Path, name: str
) -> None:
    async with listening(gated, tmp_path) as client:
        async with client.stream("POST", GENERATE, json=body(name, steps=3), headers=EVENTS) as stream:
            lines = stream.aiter_lines()
            seen = [await next_event(lines)]
            gate.let(1)
            while "progress" not in seen[-1]:
                seen.append(await next_event(lines))
        await until(lambda: not gated.server.book.get(name).readers)
        gate.open()
        again = {**EVENTS, "Last-Event-ID": seen[-1]["sequence"]}
        rest = [
            json.loads(event["data"]) for event in events(await client.post(GENERATE, json=body(name), headers=again))
        ]
    numbers = [int(message["sequence"]) for message in [*seen, *rest]]
    assert numbers == sorted(set(numbers))
    assert (rest[-1]["completed"]["imageCount"], picture(rest)[:4]) == (1, b"\x89PNG")


async def test_a_watcher_comes_back_to_the_same_address(gateway: httpx2.AsyncClient, name: str) -> None:
    told = events(await gateway.post(GENERATE, json=body(name), headers=EVENTS))
    watch = f"/api/v1/generations/{name}:watch"
    after = {**EVENTS, "Last-Event-ID": told[-2]["id"]}
    again = events(await gateway.get(watch, headers=after))
    assert [event["id"] for event in again] == [told[-1]["id"]]
    end = await gateway.get(watch, headers={**EVENTS, "Last-Event-ID": told[-1]["id"]})
    assert (end.status_code, end.content) == (204, b"")
    from_the_start = events(await gateway.get(watch, headers=EVENTS))
    assert json.loads(from_the_start[0]["data"])["accepted"]["seeds"] == ["7"]


async def test_who_has_no_id_cannot_come_back(gateway: httpx2.AsyncClient) -> None:
    response = await gateway.post(GENERATE, json=body(), headers={**EVENTS, "Last-Event-ID": "3"})
    assert (response.status_code, response.json()["details"][1]["fieldViolations"][0]["field"]) == (400, "request_id")


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30, "²"])
async def test_an_event_id_that_is_none_is_refused(gateway: httpx2.AsyncClient, name: str, last: str) -> None:
    headers = [(b"Accept", b"text/event-stream"), (b"Last-Event-ID", last.encode())]
    response = await gateway.post(GENERATE, json=body(name), headers=headers)
    assert (response.status_code, response.json()["message"].startswith("Last-Event-ID: ")) == (400, True)


async def test_a_client_of_lines_that_goes_away_takes_its_generation_with_it(
    gated: Serving, gate: Gate, tmp_path: Path, name: str
) -> None:
    async with listening(gated, tmp_path) as client:
        async with client.stream("POST", GENERATE, json=body(name)) as stream:
            assert "accepted" in json.loads(await anext(aiter(stream.aiter_lines())))["result"]
        await until(lambda: not gated.server.book.get(name).readers)
        gate.open()
        await until(lambda: gated.server.book.get(name).ended)
        told = (await client.get(f"/api/v1/generations/{name}")).json()["generation"]
    assert told["state"] == "GENERATION_STATE_CANCELLED"


async def test_a_generation_that_is_cancelled_ends_its_lines_with_a_status(
    gated: Serving, gate: Gate, tmp_path: Path, name: str
) -> None:
    async with (
        listening(gated, tmp_path) as client,
        client.stream("POST", GENERATE, json=body(name)) as stream,
    ):
        lines = stream.aiter_lines()
        first = json.loads(await anext(lines))["result"]
        cancelled = await client.post("/api/v1/generations:cancel", json={"requestId": name, "reason": "enough"})
        gate.open()
        rest = [json.loads(line) async for line in lines]
    assert (first["accepted"]["stepCount"], cancelled.json()) == (2, {"requestIds": [name]})
    assert (rest[-1]["error"]["code"], "enough" in rest[-1]["error"]["message"]) == (code_pb2.CANCELLED, True)


async def test_a_timeout_ends_the_call(gated: Serving, gate: Gate, tmp_path: Path) -> None:
    async with before(gated, tmp_path) as client:
        response = await client.post(GENERATE, json=body(), headers={"Grpc-Timeout": "1S"})
        gate.open()
    last = json.loads(response.text.splitlines()[-1])
    assert last.get("error", last)["code"] == code_pb2.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"width": 63}, 400, code_pb2.INVALID_ARGUMENT, "width"),
        ({"width": "wide"}, 400, code_pb2.INVALID_ARGUMENT, "width"),
        ({"sampling": {"sampler": "No such"}}, 400, code_pb2.INVALID_ARGUMENT, "sampling.sampler"),
        ({"sampling": {"sampeler": "Euler"}}, 400, code_pb2.INVALID_ARGUMENT, "sampling.sampeler"),
        ({"requestId": "no spaces"}, 400, code_pb2.INVALID_ARGUMENT, "request_id"),
        ({"task": {"taskId": "a", "kind": "txt2img"}}, 400, code_pb2.INVALID_ARGUMENT, "task.kind"),
    ],
)
async def test_what_is_wrong_is_told_by_field(
    gateway: httpx2.AsyncClient, changes: dict[str, Any], status: int, code: int, field: str
) -> None:
    response = await gateway.post(GENERATE, json={**body(), **changes})
    info, bad = response.json()["details"]
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (info["domain"], [violation["field"] for violation in bad["fieldViolations"]]) == ("latentwire", [field])


async def test_upscaling_is_no_task_of_the_other_api_either(gateway: httpx2.AsyncClient) -> None:
    route = next(path for path in (await gateway.get("/openapi.json")).json()["paths"] if path.endswith(":upscale"))
    response = await gateway.post(route, json={"task": {"taskId": "a", "kind": "extras", "owner": "bob"}})
    (field,) = (each["field"] for each in response.json()["details"][1]["fieldViolations"])
    assert (response.status_code, field) == (400, "task.kind")


@pytest.mark.parametrize(
    ("verb", "path", "status", "reason"),
    [
        ("GET", "/api/v1/models/nope", 404, "MODEL_NOT_FOUND"),
        ("GET", "/api/v1/generations/nope", 404, "GENERATION_NOT_FOUND"),
        ("GET", "/api/v1/generations/nope:watch", 404, "GENERATION_NOT_FOUND"),
        ("POST", "/api/v1/models/nope:load", 404, "MODEL_NOT_FOUND"),
        ("POST", "/api/v1/models/a%2Fb:unload", 404, "MODEL_NOT_FOUND"),
        ("POST", "/api/v1/generations:cancel", 400, "INVALID_ARGUMENT"),
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("PUT", "/api/v1/models", 405, "UNIMPLEMENTED"),
    ],
)
async def test_every_failure_is_a_status(
    gateway: httpx2.AsyncClient, verb: str, path: str, status: int, reason: str
) -> None:
    response = await gateway.request(verb, path)
    assert (response.status_code, response.json()["details"][0]["reason"]) == (status, reason)


async def test_an_id_in_use_is_a_conflict(gateway: httpx2.AsyncClient, name: str) -> None:
    await gateway.post(GENERATE, json=body(name))
    response = await gateway.post(GENERATE, json=body(name))
    assert (response.status_code, response.json()["code"]) == (409, code_pb2.ALREADY_EXISTS)
    assert response.json()["details"][0]["metadata"]["state"] == "GENERATION_STATE_SUCCEEDED"


async def test_models_are_listed_and_told_one_by_one(gateway: httpx2.AsyncClient, engine: str) -> None:
    response = await gateway.get("/api/v1/models", params={"refresh": "false"})
    listed = response.json()["models"]
    one = (await gateway.get(f"/api/v1/models/{listed[0]['name']}")).json()["model"]
    assert (one["name"], one["state"]) == (listed[0]["name"], "MODEL_STATE_LOADED")
    assert (response.headers["Grpc-Metadata-X-Latentwire-Engine"] == "fake") == (engine == "fake")


@pytest.mark.parametrize("kind", ["samplers", "schedulers", "upscalers"])
async def test_names_are_listed(gateway: httpx2.AsyncClient, kind: str) -> None:
    listed = (await gateway.get(f"/api/v1/{kind}")).json()[kind]
    assert len({each["name"] for each in listed}) == len(listed) > 0


async def test_generations_are_listed_by_state_and_task(gateway: httpx2.AsyncClient, name: str) -> None:
    await gateway.post(GENERATE, json=body(name, task={"taskId": f"task-{name}"}))
    failed = str(int(t.GENERATION_STATE_FAILED))
    query: dict[str, str | list[str]] = {"states": ["GENERATION_STATE_SUCCEEDED", failed], "task_id": f"task-{name}"}
    listed = (await gateway.get("/api/v1/generations", params=query)).json()
    assert [each["requestId"] for each in listed["generations"]] == [name]
    other = (await gateway.get("/api/v1/generations", params={"taskId": f"task-{name}"})).json()
    assert other["generations"] == []


async def test_a_model_that_is_there_is_loaded_by_lines(gateway: httpx2.AsyncClient) -> None:
    listed = (await gateway.get("/api/v1/models")).json()["models"]
    response = await gateway.post(f"/api/v1/models/{listed[0]['name']}:load")
    assert results(response)[-1]["model"]["name"] == listed[0]["name"]


async def test_a_model_that_is_not_installed_is_a_precondition(gateway: httpx2.AsyncClient) -> None:
    made = picture(results(await gateway.post(GENERATE, json=body())))
    response = await gateway.post("/api/v1/images:restoreFaces", json={"image": {"data": b64encode(made).decode()}})
    assert (response.status_code, response.json()["details"][0]["reason"]) == (400, "MODEL_NOT_INSTALLED")


async def test_what_is_made_here_is_no_task_of_sdapi(gated: Serving, gate: Gate, tmp_path: Path, name: str) -> None:
    async with (
        listening(gated, tmp_path) as client,
        client.stream("POST", GENERATE, json=body(name, task={"taskId": "own"})) as stream,
    ):
        lines = stream.aiter_lines()
        assert "accepted" in json.loads(await anext(lines))["result"]
        await until(lambda: known(gated, name) and gate.begun == 1)
        progress = (await client.get("/sdapi/v1/progress")).json()
        named = (await client.get("/sdapi/v1/progress", params={"id_task": "own"})).json()
        await client.post("/sdapi/v1/interrupt")
        gate.open()
        last = [json.loads(line) async for line in lines][-1]["result"]
    assert (progress["state"]["job_count"], named["state"]["job_count"]) == (0, 0)
    assert (last["completed"]["imageCount"], last["completed"]["stopped"]) == (1, False)


async def test_what_a_prompt_of_the_loop_lacks_is_in_the_first_message(gateway: httpx2.AsyncClient) -> None:
    small = {"width": 64, "height": 64, "sampling": {"steps": 2}, "noises": [{"seed": "7"}]}
    run = (await gateway.post("/api/v1/denoising:prepareLatents", json=small)).json()
    prompts = [{"text": "tree <lora:moss:1>"}]
    asked_for = {
        "plans": run["plans"],
        "states": run["states"],
        "prompts": prompts,
        "yieldMode": "YIELD_MODE_EVERY_STEP",
    }
    steps = results(await gateway.post("/api/v1/denoising:denoiseLatents", json=asked_for))
    assert [step.get("warnings", []) for step in steps] == [["Lora not found: moss"], []]
    question = {"x": run["states"][0]["x"], "sigmas": [2.0], "prompts": prompts}
    answer = (await gateway.post("/api/v1/denoising:predictDenoised", json=question)).json()
    assert answer["warnings"] == ["Lora not found: moss"]
