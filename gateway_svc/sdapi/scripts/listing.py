"""/sdapi/v1: which scripts there are, and what they take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from gateway_svc.sdapi.job import KINDS
from gateway_svc.sdapi.scripts import alwayson, registry
from gateway_svc.sdapi.scripts.running import known_names
from gateway_svc.sdapi.scripts.script import Known
from gateway_svc.services import ServicesOf

router = APIRouter(prefix="/sdapi/v1", tags=["lists"])
Item = dict[str, Any]


@router.get("/scripts")
async def scripts() -> dict[str, list[str]]:
    """Titles of scripts."""
    return {kind: list(_titles(kind)) for kind in KINDS}


@router.get("/script-info")
async def script_info(services: ServicesOf) -> list[Item]:
    """What scripts take, in the order in which they take it."""
    known = await known_names(services)
    return [item for kind in KINDS for item in _items(kind, known)]


def _titles(kind: str) -> Iterator[str]:
    yield from (script.title.lower() for script in alwayson.of_kind(kind))
    yield from (script.title.lower() for script in registry.of_kind(kind))


def _items(kind: str, known: Known) -> Iterator[Item]:
    for always in alwayson.of_kind(kind):
        args = [argument.listed() for argument in always.arguments]
        yield {"name": always.title.lower(), "is_alwayson": True, "is_img2img": kind == KINDS[1], "args": args}
    for script in registry.of_kind(kind):
        args = [argument.listed() for argument in script.arguments(known, kind)]
        yield {"name": script.title.lower(), "is_alwayson": False, "is_img2img": kind == KINDS[1], "args": args}
