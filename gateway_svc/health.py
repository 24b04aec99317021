"""Whether the gateway lives, and whether it can do anything."""

from __future__ import annotations

from fastapi import APIRouter

from gateway_svc.services import ServicesOf

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(services: ServicesOf) -> dict[str, str]:
    """The inference service takes generations; 503 with Retry-After when it doesn't."""
    await services.inference.check()
    return {"status": "ready"}
