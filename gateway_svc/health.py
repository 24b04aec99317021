"""Whether the gateway lives, and whether it can do anything."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from gateway_svc.services import ServicesOf

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(services: ServicesOf) -> dict[str, Any]:
    """The inference service takes generations; 503 with Retry-After when it doesn't.

    Of several replicas one is enough; it says "degraded" then, and what the others say.
    """
    found = await services.inference.check()
    several = {"replicas": dict(found.replicas)} if len(found.replicas) > 1 else {}
    return {"status": found.status, **several}
