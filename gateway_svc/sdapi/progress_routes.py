"""/sdapi/v1: how far the current task is, and its end."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from gateway_svc.sdapi.running import eta_s, fraction, last_step, meant, preview
from gateway_svc.services import Services, ServicesOf, User
from latentwire.errors import NotFound
from latentwire.v1 import generation_service_pb2 as gs

router = APIRouter(prefix="/sdapi/v1", tags=["progress"])
_STARTED = 0.01


def _task_id(id_task: Annotated[str | None, Query()] = None, task_id: Annotated[str | None, Query()] = None) -> str:
    return id_task or task_id or ""


TaskId = Annotated[str, Depends(_task_id)]


@router.get("/progress")
async def progress(
    services: ServicesOf, user: User, task_id: TaskId, skip_current_image: bool = False
) -> dict[str, Any]:
    """The oldest running task's, or that of the task named; all zero when there is none."""
    generation = await meant(services, user, task_id)
    if generation is None:
        return {"progress": 0.0, "eta_relative": 0.0, "state": idle(), "current_image": None, "textinfo": None}
    done = min(1.0, _STARTED + fraction(generation))
    picture = None if skip_current_image else await _image(services, generation)
    return {
        "progress": done,
        "eta_relative": eta_s(generation, done),
        "state": state(generation),
        "current_image": picture,
        "textinfo": None,
    }


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
    progress = generation.progress
    known = generation.HasField("progress")
    count = max(1, progress.batch_count)
    name = f"Batch {progress.batch_index + 1} out of {count}" if count > 1 else f"scripts_{generation.task.kind}"
    return _state(
        interrupted=generation.stopping,
        job=name,
        job_count=count if known else -1,
        job_timestamp=_timestamp(generation),
        job_no=progress.batch_index,
        sampling_step=last_step(generation),
        sampling_steps=progress.step_count,
    )


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
    generation = await meant(services, user, task_id)
    if generation is None:
        return
    request = gs.StopGenerationRequest(request_id=generation.request_id, scope=scope)
    try:
        await services.inference.ask(services.inference.generations.StopGeneration, request)
    except NotFound:
        return
