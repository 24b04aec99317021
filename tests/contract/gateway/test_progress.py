from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from functools import partial
from typing import Any

import httpx2
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from gateway_svc.sdapi.tasks import legal
from gateway_svc.shared_answers import SharedAnswers
from latentwire.errors import NotFound
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types
from tests.contract.gateway.conftest import Start
from tests.contract.gateway.scripted import Script

RUNNING, WAITING = types.GENERATION_STATE_RUNNING, types.GENERATION_STATE_WAITING
IDLE = {
    "progress": 0.0,
    "eta_relative": 0.0,
    "state": {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": "",
        "job_count": 0,
        "job_timestamp": "0",
        "job_no": 0,
        "sampling_step": 0,
        "sampling_steps": 0,
    },
    "current_image": None,
    "textinfo": None,
}


def generation(name: str, state: types.GenerationState.ValueType = RUNNING, **fields: Any) -> gs.Generation:
    task = types.Task(task_id=f"task({name})", kind=fields.pop("kind", "txt2img"), owner=fields.pop("owner", ""))
    return gs.Generation(request_id=name, task=task, state=state, accept_time=Timestamp(seconds=1), **fields)


def halfway(**fields: Any) -> gs.Generation:
    progress = gs.Progress(step=11, step_count=20, batch_index=1, batch_count=4)
    return generation("half", progress=progress, eta=Duration(seconds=3), start_time=Timestamp(seconds=5), **fields)


async def test_nothing_under_way_is_all_zero(client: httpx2.AsyncClient) -> None:
    response = await client.get("/sdapi/v1/progress")
    assert (response.status_code, response.json()) == (200, IDLE)


async def test_progress_counts_batches_and_steps_as_a1111_does(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [halfway()]
    answer = (await client.get("/sdapi/v1/progress")).json()
    assert answer["progress"] == pytest.approx(0.01 + 1 / 4 + 10 / 80)
    assert answer["eta_relative"] == 3.0
    assert answer["state"] | {"job_timestamp": ""} == {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": "Batch 2 out of 4",
        "job_count": 4,
        "job_timestamp": "",
        "job_no": 1,
        "sampling_step": 10,
        "sampling_steps": 20,
    }


def member(index: int, state: types.GenerationState.ValueType = RUNNING, **fields: Any) -> gs.Generation:
    """One of the four generations of a script."""
    one = generation(f"member-{index}", state, **fields)
    one.task.MergeFrom(types.Task(task_id="task(script)", index=index, count=4))
    return one


async def test_a_hires_pass_counts_as_a_job_of_its_own(client: httpx2.AsyncClient, script: Script) -> None:
    second = types.PICTURE_STAGE_HIRES_PASS
    progress = gs.Progress(step=6, step_count=10, batch_index=1, batch_count=2, stage=second, pass_count=2)
    script.records = [generation("one", progress=progress)]
    answer = (await client.get("/sdapi/v1/progress")).json()
    assert (answer["state"]["job_count"], answer["state"]["job_no"]) == (4, 3)
    assert answer["progress"] == pytest.approx(0.01 + 3 / 4 + 5 / 40)


async def test_the_members_of_a_script_are_one_job(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [member(1, progress=gs.Progress(step=6, step_count=10, batch_count=2, pass_count=1))]
    answer = (await client.get("/sdapi/v1/progress")).json()
    assert (answer["state"]["job"], answer["state"]["job_count"], answer["state"]["job_no"]) == ("2 out of 4", 8, 2)
    assert answer["progress"] == pytest.approx(0.01 + 2 / 8 + 5 / 80)


# A minute ahead: on a slow machine the moment after an end is over before anybody has asked.
@pytest.mark.parametrize(("index", "age_s", "busy"), [(1, -60, True), (3, -60, False), (1, 60, False)])
async def test_between_two_members_of_a_script_it_is_not_idle(
    client: httpx2.AsyncClient, script: Script, index: int, age_s: int, busy: bool
) -> None:
    ended = Timestamp(seconds=int(time.time()) - age_s)
    progress = gs.Progress(step=10, step_count=10, batch_count=1, pass_count=1)
    script.records = [member(index, types.GENERATION_STATE_SUCCEEDED, progress=progress, end_time=ended)]
    answer = (await client.get("/sdapi/v1/progress")).json()
    internal = (await client.post("/internal/progress", json={"id_task": "task(script)"})).json()
    assert answer["progress"] == pytest.approx(0.51 if busy else 0)
    assert (internal["active"], internal["completed"]) == (busy, not busy)


async def test_interrupting_a_script_ends_all_of_it_and_skipping_one_batch(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.records = [member(1)]
    await client.post("/sdapi/v1/interrupt")
    await client.post("/sdapi/v1/skip")
    assert [(stop.task_id, stop.request_id) for stop in script.stops] == [("task(script)", ""), ("", "member-1")]


async def test_a_crowd_of_pollers_asks_the_service_once_in_a_moment(
    monkeypatch: pytest.MonkeyPatch, start: Start, script: Script
) -> None:
    monkeypatch.setattr("gateway_svc.services.SharedAnswers", partial(SharedAnswers, clock=lambda: 0.0))
    script.records, script.preview = [halfway()], gs.Preview(data=b"preview", preview_id=4)
    async with start() as client:
        answers = await asyncio.gather(*(client.get("/sdapi/v1/progress") for _ in range(64)))
    assert {answer.json()["state"]["job_no"] for answer in answers} == {1}
    assert len(script.listed) == 1


async def test_a_task_that_has_not_begun_is_not_ready_either(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [generation("one", WAITING)]
    answer = (await client.get("/sdapi/v1/progress")).json()
    assert (answer["progress"], answer["eta_relative"]) == (0.01, 0.0)
    assert (answer["state"]["job"], answer["state"]["job_count"]) == ("scripts_txt2img", -1)


async def test_a_task_being_stopped_says_so(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [halfway(stopping=True)]
    state = (await client.get("/sdapi/v1/progress")).json()["state"]
    assert (state["interrupted"], state["stopping_generation"]) == (True, True)


async def test_the_picture_so_far_is_shown_unless_nobody_wants_it(client: httpx2.AsyncClient, script: Script) -> None:
    script.records, script.preview = [halfway()], gs.Preview(data=b"preview", preview_id=4)
    shown = (await client.get("/sdapi/v1/progress")).json()["current_image"]
    without = (await client.get("/sdapi/v1/progress?skip_current_image=true")).json()["current_image"]
    assert (b64decode(shown), without) == (b"preview", None)


async def test_running_tasks_go_before_waiting_ones_and_old_before_new(
    client: httpx2.AsyncClient, script: Script
) -> None:
    script.records = [generation("old", WAITING), generation("middle"), generation("new")]
    await client.post("/sdapi/v1/interrupt")
    assert [stop.request_id for stop in script.stops] == ["middle"]


async def test_interrupt_and_skip_stop_what_progress_shows(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [generation("one"), generation("two")]
    interrupted, skipped = await client.post("/sdapi/v1/interrupt"), await client.post("/sdapi/v1/skip")
    assert (interrupted.json(), skipped.json()) == ({}, None)
    assert [(stop.request_id, stop.scope) for stop in script.stops] == [
        ("one", gs.STOP_SCOPE_ALL),
        ("one", gs.STOP_SCOPE_CURRENT_BATCH),
    ]


@pytest.mark.parametrize("parameter", ["id_task", "task_id"])
async def test_a_task_can_be_named(client: httpx2.AsyncClient, script: Script, parameter: str) -> None:
    script.records = [generation("one"), generation("two")]
    await client.post(f"/sdapi/v1/interrupt?{parameter}=task(two)")
    answer = (await client.get(f"/sdapi/v1/progress?{parameter}=task(nobody)")).json()
    assert ([stop.request_id for stop in script.stops], answer) == (["two"], IDLE)


async def test_an_id_that_the_contract_does_not_take_is_found_again(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [generation("one")]
    script.records[0].task.task_id = legal("ä/1")
    await client.post("/sdapi/v1/interrupt", params={"id_task": "ä/1"})
    assert [stop.request_id for stop in script.stops] == ["one"]


async def test_generations_of_other_faces_are_left_alone(client: httpx2.AsyncClient, script: Script) -> None:
    script.records = [generation("grpc", kind="own")]
    await client.post("/sdapi/v1/interrupt")
    assert ((await client.get("/sdapi/v1/progress")).json(), script.stops) == (IDLE, [])


async def test_users_see_and_stop_their_own_tasks_only(start: Start, script: Script) -> None:
    script.records = [generation("ann's", owner="ann"), generation("bob's", owner="bob")]
    async with start(api_auth="ann:a,bob:b") as client:
        await client.post("/sdapi/v1/interrupt", auth=("bob", "b"))
        await client.post("/sdapi/v1/interrupt?id_task=task(ann's)", auth=("bob", "b"))
    assert [stop.request_id for stop in script.stops] == ["bob's"]


async def test_a_task_that_ends_meanwhile_is_no_error(client: httpx2.AsyncClient, script: Script) -> None:
    script.records, script.error = [generation("one")], NotFound("gone")
    assert (await client.post("/sdapi/v1/interrupt")).status_code == 200


async def test_a_generation_forgotten_meanwhile_has_no_preview(client: httpx2.AsyncClient, script: Script) -> None:
    script.records, script.forgotten = [halfway()], True
    shown = (await client.get("/sdapi/v1/progress")).json()
    internal = (await client.post("/internal/progress", json={"id_task": "task(half)"})).json()
    assert (shown["current_image"], internal["live_preview"]) == (None, None)


async def test_an_interrupted_request_answers_with_what_there_is(client: httpx2.AsyncClient, script: Script) -> None:
    script.hold, script.records = True, [generation("one")]
    request = asyncio.create_task(client.post("/sdapi/v1/txt2img", json={"width": 64, "height": 64}))
    await script.held.wait()
    await client.post("/sdapi/v1/interrupt")
    response = await request
    assert (response.status_code, len(response.json()["images"])) == (200, 1)


class TestInternalProgress:
    URL = "/internal/progress"

    async def test_an_active_task_shows_fraction_eta_and_a_new_preview(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        script.records = [halfway()]
        script.preview = gs.Preview(data=b"x", preview_id=4, format=types.IMAGE_FORMAT_WEBP)
        answer = (await client.post(self.URL, json={"id_task": "task(half)"})).json()
        assert answer == {
            "active": True,
            "queued": False,
            "completed": False,
            "progress": pytest.approx(0.375),
            "eta": 3.0,
            "live_preview": "data:image/webp;base64,eA==",
            "id_live_preview": 4,
            "textinfo": None,
        }

    async def test_a_preview_that_the_caller_has_is_not_sent_again(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        script.records, script.preview = [halfway()], gs.Preview(data=b"x", preview_id=4)
        known = (await client.post(self.URL, json={"id_task": "task(half)", "id_live_preview": 4})).json()
        unwanted = (await client.post(self.URL, json={"id_task": "task(half)", "live_preview": False})).json()
        assert (known["live_preview"], known["id_live_preview"]) == (None, 4)
        assert (unwanted["live_preview"], unwanted["id_live_preview"]) == (None, -1)

    async def test_a_waiting_task_tells_its_place(self, client: httpx2.AsyncClient, script: Script) -> None:
        script.records = [generation("one", WAITING, queue_position=2)]
        answer = (await client.post(self.URL, json={"id_task": "task(one)"})).json()
        assert (answer["active"], answer["queued"], answer["textinfo"]) == (False, True, "In queue: 3/3")
        assert (await client.get("/internal/pending-tasks")).json() == {"size": 1, "tasks": ["task(one)"]}

    @pytest.mark.parametrize(
        ("records", "completed"), [([], False), ([generation("one", types.GENERATION_STATE_SUCCEEDED)], True)]
    )
    async def test_a_task_that_is_over_or_unknown_is_not_active(
        self, client: httpx2.AsyncClient, script: Script, records: list[gs.Generation], completed: bool
    ) -> None:
        script.records = records
        answer = (await client.post(self.URL, json={"id_task": "task(one)"})).json()
        assert (answer["active"], answer["queued"], answer["completed"]) == (False, False, completed)
        assert (answer["progress"], answer["id_live_preview"]) == (None, -1)
