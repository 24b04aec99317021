"""/sdapi/v1: lists of what A1111 can install and this server has none of. Empty, and well formed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

router = APIRouter(prefix="/sdapi/v1", tags=["lists"])
Item = dict[str, Any]


@router.get("/sd-vae")
async def sd_vae() -> list[Item]:
    """VAEs beside the models' own."""
    return []


@router.get("/hypernetworks")
async def hypernetworks() -> list[Item]:
    """Hypernetworks."""
    return []


@router.get("/face-restorers")
async def face_restorers() -> list[Item]:
    """Face restorers."""
    return []


@router.get("/realesrgan-models")
async def realesrgan_models() -> list[Item]:
    """RealESRGAN models."""
    return []


@router.get("/extensions")
async def extensions() -> list[Item]:
    """Extensions."""
    return []
