"""/sdapi/v1: training and what it makes, which this server does not do: refused in A1111's shape."""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Body

from gateway_svc.sdapi.errors import Refused

router = APIRouter(prefix="/sdapi/v1", tags=["training"])
Arguments = Annotated[dict[str, Any], Body()]


@router.post("/create/embedding", status_code=501, response_model=None)
async def create_embedding(arguments: Arguments) -> NoReturn:
    """Refused: embeddings can be used, not made."""
    raise Refused(501, "embeddings can't be made here")


@router.post("/create/hypernetwork", status_code=501, response_model=None)
async def create_hypernetwork(arguments: Arguments) -> NoReturn:
    """Refused: hypernetworks are not supported."""
    raise Refused(501, "hypernetworks can't be made here")


@router.post("/train/embedding", status_code=501, response_model=None)
async def train_embedding(arguments: Arguments) -> NoReturn:
    """Refused: nothing is trained."""
    raise Refused(501, "embeddings can't be trained here")


@router.post("/train/hypernetwork", status_code=501, response_model=None)
async def train_hypernetwork(arguments: Arguments) -> NoReturn:
    """Refused: nothing is trained."""
    raise Refused(501, "hypernetworks can't be trained here")
