"""/sdapi/v1: what can be named in requests."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from gateway_svc.sdapi import checkpoint, styles
from gateway_svc.services import Services, ServicesOf
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1 import types_pb2 as types

router = APIRouter(prefix="/sdapi/v1", tags=["lists"])
Item = dict[str, Any]


@router.get("/samplers")
async def samplers(services: ServicesOf) -> list[Item]:
    """Solvers, in the order in which they are shown."""
    found = await services.catalogue.samplers()
    return [{"name": s.name, "aliases": list(s.aliases), "options": dict(s.options)} for s in found]


@router.get("/schedulers")
async def schedulers(services: ServicesOf) -> list[Item]:
    """Noise schedules, in the order in which they are shown."""
    return [
        {
            "name": scheduler.name,
            "label": scheduler.label,
            "aliases": list(scheduler.aliases) or None,
            "default_rho": scheduler.default_rho,
            "need_inner_model": scheduler.need_inner_model,
        }
        for scheduler in await services.catalogue.schedulers()
    ]


@router.get("/sd-models")
async def sd_models(services: ServicesOf) -> list[Item]:
    """Checkpoints."""
    return [_model(model) for model in await services.catalogue.models()]


@router.get("/upscalers")
async def upscalers(services: ServicesOf) -> list[Item]:
    """What makes pictures larger."""
    return [
        {
            "name": upscaler.name,
            "model_name": upscaler.model_name or None,
            "model_path": upscaler.model_path or None,
            "model_url": None,
            "scale": upscaler.scale,
        }
        for upscaler in await _upscalers(services)
        if upscaler.kind == ms.UPSCALER_KIND_IMAGE
    ]


@router.get("/latent-upscale-modes")
async def latent_upscale_modes(services: ServicesOf) -> list[Item]:
    """What makes latents larger, in a hires pass."""
    return [{"name": u.name} for u in await _upscalers(services) if u.kind == ms.UPSCALER_KIND_LATENT]


@router.get("/loras")
async def loras(services: ServicesOf) -> list[Item]:
    """LoRA networks."""
    answer = await services.inference.ask(services.inference.models.ListLoras, ms.ListLorasRequest())
    return [
        {"name": lora.name, "alias": lora.alias, "path": lora.path, "metadata": dict(lora.metadata)}
        for lora in answer.loras
    ]


@router.get("/embeddings")
async def embeddings(services: ServicesOf) -> dict[str, dict[str, Item]]:
    """Textual inversion embeddings: those that the loaded model takes, and the others."""
    answer = await services.inference.ask(services.inference.models.ListEmbeddings, ms.ListEmbeddingsRequest())
    found: dict[str, dict[str, Item]] = {"loaded": {}, "skipped": {}}
    for embedding in answer.embeddings:
        found["loaded" if embedding.loaded else "skipped"][embedding.name] = _embedding(embedding)
    return found


@router.get("/prompt-styles")
async def prompt_styles(services: ServicesOf) -> list[Item]:
    """Styles, in the order of their file."""
    found = await services.in_thread(styles.read, services.settings.data_dir)
    return [
        {"name": style.name, "prompt": style.prompt, "negative_prompt": style.negative_prompt}
        for style in found.values()
    ]


async def _upscalers(services: Services) -> list[ms.Upscaler]:
    answer = await services.inference.ask(services.inference.models.ListUpscalers, ms.ListUpscalersRequest())
    return list(answer.upscalers)


def _model(model: types.Model) -> Item:
    return {
        "title": checkpoint.title(model),
        "model_name": model.name.replace("/", "_"),
        "hash": checkpoint.short_hash(model) or None,
        "sha256": model.sha256 or None,
        "filename": model.path,
        "config": None,
    }


def _embedding(embedding: ms.Embedding) -> Item:
    return {
        "step": embedding.step if embedding.HasField("step") else None,
        "sd_checkpoint": embedding.checkpoint or None,
        "sd_checkpoint_name": embedding.checkpoint_name or None,
        "shape": embedding.width,
        "vectors": embedding.vector_count,
    }
