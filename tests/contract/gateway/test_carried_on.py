"""The gateway before two replicas of the inference service itself: what one has begun, the other one ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.contract.engines import StartServer
from tests.contract.gate import Gate
from tests.contract.gateway.courses import Read
from tests.contract.gateway.cut_door import Door, door
from tests.contract.gateway.test_native import EVENTS, listening_to, next_event
from tests.contract.gateway.test_with_service import before, behind
from tests.contract.serving import Serving, until

SDAPI = "/sdapi/v1/txt2img"
NATIVE = "/api/v1/images:generate"
BODY = {"prompt": "a red circle", "width": 64, "height": 64, "steps": 8, "seed": 7, "cfg_scale": 1}

LINES: dict[str, Any] = {
    "request_id": "mine",
    "prompt": "a red circle",
    "width": 64,
    "height": 64,
    "noise": {"seed": 7},
    "guidance": {"scale": 1},
    "sampling": {"sampler": "Euler", "steps": 8},
}


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica, behind a gate, and the door before it."""

    serving: Serving
    gate: Gate
    door: Door


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replicas and the gateway before them."""

    replicas: Sequence[Replica]
    client: httpx2.AsyncClient

    @property
    def where(self) -> str:
        """What a gateway of the test's own is told."""
        return ",".join(f"127.0.0.1:{each.door.port}" for each in self.replicas)

    async def begun(self, batches: int) -> tuple[Replica, Replica]:
        """The one that works, once it has done so many batches, and the other one."""
        await until(lambda: any(each.gate.begun for each in self.replicas))
        holder, other = sorted(self.replicas, key=lambda each: -each.gate.begun)
        holder.gate.let(batches)
        await until(lambda: holder.gate.begun == batches + 1)
        return holder, other

    async def cut_off_in_the_middle(self, read: Read) -> None:
        """Cuts off the one that works, after the sixth of the steps, which the gateway has been told of."""
        holder, other = await self.begun(6)
        await until(lambda: "step 6" in read)
        await holder.door.cut()
        await until(lambda: other.gate.begun == 1)
        for each in (holder, other):
            each.gate.open()


@asynccontextmanager
async def replica(start_server: StartServer) -> AsyncIterator[Replica]:
    gate = Gate()
    async with start_server(around=gate.before) as serving, door(serving.server.port) as before_it:
        yield Replica(serving, gate, before_it)
        gate.open()


@pytest_asyncio.fixture(loop_scope="module")
async def pair(start_server: StartServer, tmp_path: Path) -> AsyncIterator[Pair]:
    async with (
        replica(start_server) as one,
        replica(start_server) as two,
        behind(tmp_path, one.door.port, two.door.port) as client,
    ):
        yield Pair((one, two), client)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def alone(grpc_server: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway before one replica, which nothing happens to."""
    async with before(grpc_server, tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M"])
async def test_a_picture_that_one_began_and_the_other_ended_is_the_same(
    pair: Pair, alone: httpx2.AsyncClient, read: Read, sampler: str
) -> None:
    undisturbed, found = await twice(pair, alone, read, SDAPI, {**BODY, "sampler_name": sampler})
    assert found == undisturbed
    assert sorted(each.gate.begun for each in pair.replicas) == [3, 7]


async def test_so_is_a_picture_that_was_made_from_another_one_under_a_mask(
    pair: Pair, alone: httpx2.AsyncClient, read: Read
) -> None:
    start = (await alone.post(SDAPI, json={**BODY, "steps": 1})).json()["images"][0]
    pictures = {"init_images": [start], "mask": start, "denoising_strength": 1}
    body = {**BODY, "sampler_name": "Euler", **pictures}
    undisturbed, found = await twice(pair, alone, read, "/sdapi/v1/img2img", body)
    assert found == undisturbed
    assert sorted(each.gate.begun for each in pair.replicas) == [3, 7]


async def twice(
    pair: Pair, alone: httpx2.AsyncClient, read: Read, path: str, body: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """The pictures of a request that nothing happens to, and of one whose replica is cut off."""
    undisturbed = await alone.post(path, json=body)
    request = asyncio.create_task(pair.client.post(path, json=body))
    await pair.cut_off_in_the_middle(read)
    return undisturbed.json()["images"], (await request).json()["images"]


async def test_the_other_one_makes_only_the_steps_after_the_last_point(pair: Pair, read: Read) -> None:
    body = {**BODY, "sampler_name": "Euler"}
    request = asyncio.create_task(pair.client.post(SDAPI, json=body))
    await pair.cut_off_in_the_middle(read)
    await request
    figures = (await pair.client.get("/metrics")).text.splitlines()
    assert sorted(each.gate.begun for each in pair.replicas) == [3, 7]
    assert "latentwire_gateway_failovers_total 1.0" in figures
    assert "latentwire_gateway_steps_recomputed_total 1.0" in figures


def events(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The lines of a native stream."""
    return [json.loads(line)["result"] for line in answer.text.splitlines()]


def shown(found: list[dict[str, Any]]) -> list[str]:
    """What pictures are made of."""
    return [event["image"]["data"] for event in found if "image" in event]


async def test_a_native_stream_goes_on_as_one(pair: Pair, alone: httpx2.AsyncClient, read: Read) -> None:
    body = {**LINES, "events": {"progress_every": 4}}
    undisturbed = events(await alone.post(NATIVE, json={**body, "request_id": ""}))
    request = asyncio.create_task(pair.client.post(NATIVE, json=body))
    await pair.cut_off_in_the_middle(read)
    found = events(await request)
    steps = [event["progress"]["step"] for event in found if "progress" in event]
    known = (await pair.client.get("/api/v1/generations/mine")).json()
    numbers = [int(event["sequence"]) for event in found]
    assert (shown(found), steps) == (shown(undisturbed), [4, 8])
    assert numbers == sorted(set(numbers))
    assert [kind for event in found for kind in event if kind in ("accepted", "completed")] == ["accepted", "completed"]
    assert known["generation"]["state"] == "GENERATION_STATE_SUCCEEDED"


async def seen_until_lost(pair: Pair, client: httpx2.AsyncClient, body: dict[str, Any]) -> int:
    """The number of the last event that a client has had, when its replica is lost and then it goes away itself."""
    seen: dict[str, Any] = {}
    async with client.stream("POST", NATIVE, json=body, headers=EVENTS) as stream:
        lines = stream.aiter_lines()
        holder, other = await pair.begun(6)
        while seen.get("progress", {}).get("step") != 6:
            seen = await next_event(lines)
        await holder.door.cut()
        await until(lambda: other.gate.begun == 1)
    await until(lambda: not other.serving.server.book.get("mine").readers)
    for each in (holder, other):
        each.gate.open()
    return int(seen["sequence"])


async def test_a_client_of_events_that_comes_back_after_its_replica_was_lost_goes_on(
    pair: Pair, alone: httpx2.AsyncClient, tmp_path: Path
) -> None:
    body = {**LINES, "events": {"progress_every": 3}, "detach_grace": "600s"}
    undisturbed = events(await alone.post(NATIVE, json={**body, "request_id": ""}))
    async with listening_to(pair.where, tmp_path) as client:
        last = await seen_until_lost(pair, client, body)
        answer = await client.post(NATIVE, json=body, headers={**EVENTS, "Last-Event-ID": str(last)})
    rest = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]
    numbers = [int(each["sequence"]) for each in rest]
    assert (answer.status_code, shown(rest), '"completed"' in answer.text) == (200, shown(undisturbed), True)
    assert numbers == sorted(number for number in set(numbers) if number > last)


async def test_what_is_lost_while_nobody_is_attached_is_told_to_whoever_comes_back(pair: Pair, tmp_path: Path) -> None:
    body = {**LINES, "detach_grace": "600s"}
    async with listening_to(pair.where, tmp_path) as client:
        async with client.stream("POST", NATIVE, json=body, headers=EVENTS) as stream:
            seen = await next_event(stream.aiter_lines())
        holder, _ = await pair.begun(0)
        await until(lambda: not holder.serving.server.book.get("mine").readers)
        await holder.door.cut()
        answer = await client.post(NATIVE, json=body, headers={**EVENTS, "Last-Event-ID": seen["sequence"]})
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (404, "GENERATION_NOT_FOUND")


async def test_a_generation_is_cancelled_by_its_id_wherever_it_is(pair: Pair) -> None:
    body = {"request_id": "mine", "width": 64, "height": 64, "sampling": {"steps": 8}}
    request = asyncio.create_task(pair.client.post(NATIVE, json=body))
    holder, _ = await pair.begun(2)
    cancelled = await pair.client.post("/api/v1/generations:cancel", json={"request_id": "mine"})
    unknown = await pair.client.post("/api/v1/generations:cancel", json={"request_id": "nobody"})
    holder.gate.open()
    assert (cancelled.json(), unknown.status_code) == ({"requestIds": ["mine"]}, 404)
    assert "CANCELLED" in (await request).text


async def test_whoever_watches_a_generation_is_told_of_it_wherever_it_is(pair: Pair) -> None:
    body = {"request_id": "mine", "width": 64, "height": 64, "sampling": {"steps": 8}}
    request = asyncio.create_task(pair.client.post(NATIVE, json=body))
    await pair.begun(2)
    for each in pair.replicas:
        each.gate.open()
    made = events(await request)
    watched = events(await pair.client.get("/api/v1/generations/mine:watch"))
    missing = await pair.client.get("/api/v1/generations/nobody:watch")
    assert shown([each["event"] for each in watched]) == shown(made)
    assert missing.status_code == 404


async def test_generations_of_both_are_listed_page_by_page(pair: Pair) -> None:
    for each in pair.replicas:
        each.gate.open()
    names = [f"n{number}" for number in range(5)]
    for name in names:
        await pair.client.post(NATIVE, json={"request_id": name, "width": 64, "height": 64, "sampling": {"steps": 1}})
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        query = {"states": "GENERATION_STATE_SUCCEEDED", "page_size": "2", "page_token": token}
        page = (await pair.client.get("/api/v1/generations", params=query)).json()
        found += [each["requestId"] for each in page["generations"]]
        token = page.get("nextPageToken") or None
    refused = await pair.client.get("/api/v1/generations", params={"page_token": "nonsense"})
    assert (found, refused.status_code) == (names, 400)
