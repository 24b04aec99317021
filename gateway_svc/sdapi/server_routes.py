"""/sdapi/v1: the server itself: flags, memory, models in and out of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from gateway_svc.sdapi import checkpoint
from gateway_svc.sdapi import cmd_flags as flags
from gateway_svc.services import Services, ServicesOf
from latentwire.v1 import model_service_pb2 as ms

router = APIRouter(prefix="/sdapi/v1", tags=["server"])
_UNAVAILABLE = {"error": "unavailable"}


@router.get("/cmd-flags")
async def cmd_flags(services: ServicesOf) -> dict[str, Any]:
    """Every start flag of A1111's; secrets are null."""
    return flags.cmd_flags(services.settings)


@router.get("/memory")
async def memory(services: ServicesOf) -> dict[str, Any]:
    """Memory of the inference service's machine and device, in bytes."""
    answer = await services.inference.ask(services.inference.models.ListModels, ms.ListModelsRequest())
    device = answer.memory
    on_gpu = device.device.lower().startswith("cuda")
    return {"ram": _UNAVAILABLE if on_gpu else _ram(device), "cuda": _cuda(device) if on_gpu else _UNAVAILABLE}


@router.post("/refresh-checkpoints")
async def refresh_checkpoints(services: ServicesOf) -> None:
    """Looks for models on disk again."""
    await services.inference.ask(services.inference.models.ListModels, ms.ListModelsRequest(refresh=True))
    services.catalogue.forget()


@router.post("/refresh-loras")
async def refresh_loras(services: ServicesOf) -> None:
    """Looks for LoRA networks on disk again."""
    await services.inference.ask(services.inference.models.ListLoras, ms.ListLorasRequest(refresh=True))


@router.post("/refresh-embeddings")
async def refresh_embeddings(services: ServicesOf) -> None:
    """Looks for embeddings on disk again."""
    await services.inference.ask(services.inference.models.ListEmbeddings, ms.ListEmbeddingsRequest(refresh=True))


@router.post("/refresh-vae")
async def refresh_vae() -> None:
    """There are no VAEs beside the models' own."""


@router.post("/unload-checkpoint")
async def unload_checkpoint(services: ServicesOf) -> dict[str, Any]:
    """Frees the memory of the model in use."""
    if name := await _in_use(services):
        await services.inference.ask(services.inference.models.UnloadModel, ms.UnloadModelRequest(name=name))
        services.catalogue.forget()
    return {}


@router.post("/reload-checkpoint")
async def reload_checkpoint(services: ServicesOf) -> dict[str, Any]:
    """Loads the model in use again."""
    if name := await _in_use(services):
        await services.loads.load(name, make_default=True)
    return {}


async def _in_use(services: Services) -> str:
    models = await services.catalogue.models()
    asked = checkpoint.find(models, services.options.read().sd_model_checkpoint or "")
    model = asked or checkpoint.default(models)
    return model.name if model else ""


def _ram(device: ms.DeviceMemory) -> dict[str, int]:
    used = device.process_bytes
    return {"free": max(0, device.total_bytes - used), "used": used, "total": device.total_bytes}


def _cuda(device: ms.DeviceMemory) -> dict[str, Any]:
    used = device.total_bytes - device.free_bytes
    nothing = {"current": 0, "peak": 0}
    return {
        "system": {"free": device.free_bytes, "used": used, "total": device.total_bytes},
        "active": nothing,
        "allocated": {"current": used, "peak": used},
        "reserved": {"current": used, "peak": used},
        "inactive": nothing,
        "events": {"retries": 0, "oom": 0},
    }
