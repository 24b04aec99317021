"""/internal: what A1111's own page asks for, and ours."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel

from gateway_svc.sdapi.checkpoint import default
from gateway_svc.sdapi.running import ENDED, UNDER_WAY, eta_s, fraction, is_between, listed, oldest, preview
from gateway_svc.services import Services, ServicesOf, User
from latentwire.errors import NotFound
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

router = APIRouter(prefix="/internal", tags=["internal"])
_DEFAULT_SAMPLER: Final = "DPM++ 2M"
_MIME: Final = {types.IMAGE_FORMAT_JPEG: "image/jpeg", types.IMAGE_FORMAT_WEBP: "image/webp"}


class ProgressRequest(BaseModel):
    """Which task, and which preview the caller has already."""

    id_task: str
    id_live_preview: int = -1
    live_preview: bool = True


@router.get("/ping")
async def ping() -> dict[str, Any]:
    """The gateway answers."""
    return {}


@router.get("/pending-tasks")
async def pending_tasks(services: ServicesOf, user: User) -> dict[str, Any]:
    """Tasks that wait for their turn, the caller's own where callers have names."""
    waiting = (await listed(services, user, None, (types.GENERATION_STATE_WAITING,))).generations
    return {"size": len(waiting), "tasks": [generation.task.task_id for generation in waiting]}


@router.post("/progress")
async def progress(asked: ProgressRequest, services: ServicesOf, user: User) -> dict[str, Any]:
    """How far one task is. A preview is sent only when it is newer than the one that the caller has."""
    answer = await listed(services, user, asked.id_task, (*UNDER_WAY, *ENDED))
    generation = oldest(answer.generations) or (answer.generations[-1] if answer.generations else None)
    if generation is None or not (generation.state == types.GENERATION_STATE_RUNNING or is_between(generation)):
        return _not_active(generation, answer.waiting_count)
    newer = await _newer(services, generation, asked) if asked.live_preview else None
    done = fraction(generation)
    return {
        "active": True,
        "queued": False,
        "completed": False,
        "progress": done,
        "eta": eta_s(generation, done),
        "live_preview": _data_url(newer) if newer else None,
        "id_live_preview": newer.preview_id if newer else asked.id_live_preview,
        "textinfo": None,
    }


@router.get("/defaults")
async def defaults(services: ServicesOf) -> dict[str, Any]:
    """What the page starts with: the model's own size, steps and guidance, where it says them."""
    model = default(await services.catalogue.models()) or types.Model()
    can = model.capabilities
    return {
        "model": model.name,
        "family": model.family,
        "width": can.native_size or 512,
        "height": can.native_size or 512,
        "steps": can.recommended_steps or 20,
        "cfg_scale": can.recommended_guidance or 7.0,
        "sampler": _DEFAULT_SAMPLER,
        "size_multiple": can.size_multiple or 8,
        "min_size": can.min_size or 64,
        "max_size": can.max_size or 2048,
    }


def _not_active(generation: gs.Generation | None, waiting_count: int) -> dict[str, Any]:
    queued = generation is not None and generation.state == types.GENERATION_STATE_WAITING
    place = generation.queue_position + 1 if generation is not None and queued else 0
    return {
        "active": False,
        "queued": queued,
        "completed": generation is not None and not queued,
        "progress": None,
        "eta": None,
        "live_preview": None,
        "id_live_preview": -1,
        "textinfo": f"In queue: {place}/{max(place, waiting_count)}" if queued else "Waiting...",
    }


async def _newer(services: Services, generation: gs.Generation, asked: ProgressRequest) -> gs.Preview | None:
    try:
        found = await preview(services, generation)
    except NotFound:
        return None
    return found if found and found.preview_id != asked.id_live_preview else None


def _data_url(found: gs.Preview) -> str:
    return f"data:{_MIME.get(found.format, 'image/png')};base64,{b64encode(found.data).decode()}"
