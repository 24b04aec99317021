"""/sdapi/v1: how far the current task is, and its end."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from gateway_svc.sdapi.running import eta_s, fraction, job_count, job_no, last_step, meant, preview
from gateway_svc.sdapi.tasks import EXTRAS
from gateway_svc.services import Services, ServicesOf, User
from latentwire.errors import NotFound
from latentwire.v1 import generation_service_pb2 as gs

router = APIRouter(prefix="/sdapi/v1", tags=["progress"])
_STARTED = 0.01


async def _task_id(
    id_task: Annotated[str | None, Query()] = None, task_id: Annotated[str | None, Query()] = None
) -> str:
    return id_task or task_id or ""


TaskId = Annotated[str, Depends(_task_id)]


@router.get("/progress", response_model=dict[str, Any])
async def progress(services: ServicesOf, user: User, task_id: TaskId, skip_current_image: bool = False) -> Response:
    """The oldest running task's, or that of the task named; all zero when there is none."""
    body = await _body(services, user, task_id, without_image=skip_current_image)
    return Response(body, media_type="application/json")


async def _body(services: Services, user: str, task_id: str, *, without_image: bool) -> bytes:
    generation = await meant(services, user, task_id)
    answer = _idle() if generation is None else _busy(generation)
    if generation is not None and not without_image:
        answer["current_image"] = await _image(services, generation)
    return json.dumps(answer).encode()


def _idle() -> dict[str, Any]:
    return {"progress": 0.0, "eta_relative": 0.0, "state": idle(), "current_image": None, "textinfo": None}


def _busy(generation: gs.Generation) -> dict[str, Any]:
    done = min(1.0, _STARTED + fraction(generation))
    return _idle() | {"progress": done, "eta_relative": eta_s(generation, done), "state": state(generation)}


@router.post("/interrupt")
async def interrupt(services: ServicesOf, user: User, task_id: TaskId) -> dict[str, Any]:
    """Ends the task; its request answers with what there is."""
    await _stop(services, user, task_id, gs.STOP_SCOPE_ALL)
    return {}


@router.post("/skip")
async def skip(services: ServicesOf, user: User, task_id: TaskId) -> None:
    """Ends the task's current batch; the next one begins."""
    await _stop(services, user, task_id, gs.STOP_SCOPE_CURRENT_BATCH)


def idle() -> dict[str, Any]:
    """The state while nothing is under way: job_count 0 means ready."""
    return _state(job="", job_count=0, job_timestamp="0", job_no=0, sampling_step=0, sampling_steps=0)


def state(generation: gs.Generation) -> dict[str, Any]:
    """A1111's state of a generation under way. job_count is -1 until the first step is done."""
    return _state(
        interrupted=generation.stopping,
        job=_job(generation),
        job_count=job_count(generation) if generation.HasField("progress") else -1,
        job_timestamp=_timestamp(generation),
        job_no=job_no(generation),
        sampling_step=last_step(generation),
        sampling_steps=generation.progress.step_count,
    )


def _job(generation: gs.Generation) -> str:
    task, progress = generation.task, generation.progress
    if task.kind == EXTRAS:
        return EXTRAS
    if task.count > 1:
        return f"{task.index + 1} out of {task.count}"
    if progress.batch_count > 1:
        return f"Batch {progress.batch_index + 1} out of {progress.batch_count}"
    return f"scripts_{task.kind}"


def _state(*, interrupted: bool = False, **jobs: object) -> dict[str, Any]:
    return {"skipped": False, "interrupted": interrupted, "stopping_generation": interrupted, **jobs}


def _timestamp(generation: gs.Generation) -> str:
    began = generation.start_time if generation.HasField("start_time") else generation.accept_time
    return datetime.fromtimestamp(began.ToSeconds()).strftime("%Y%m%d%H%M%S")


async def _image(services: Services, generation: gs.Generation) -> str | None:
    try:
        found = await preview(services, generation)
    except NotFound:
        return None
    return b64encode(found.data).decode() if found else None


async def _stop(services: Services, user: str, task_id: str, scope: gs.StopScope.ValueType) -> None:
    generation = await meant(services, user, task_id, fresh=True)
    if generation is None:
        return
    request = gs.StopGenerationRequest(request_id=generation.request_id, scope=scope)
    if scope == gs.STOP_SCOPE_ALL and generation.task.count > 1:
        request.task_id = generation.task.task_id
    try:
        await services.inference.ask(services.inference.generations.StopGeneration, request)
    except NotFound:
        return
    finally:
        services.shared.forget()
