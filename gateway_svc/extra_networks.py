"""/sd_extra_networks: previews and metadata of networks and checkpoints, as A1111's page asks for them.

Files are read only from the folders that hold a network or a checkpoint which the inference service lists, and only
pictures: nothing else on the disk can be asked for.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from gateway_svc.sdapi.errors import Refused
from gateway_svc.services import Services, ServicesOf
from latentwire.v1 import model_service_pb2 as ms

router = APIRouter(prefix="/sd_extra_networks", tags=["extra networks"])
_SUFFIXES: Final = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif", ".avif": "avif"}
_COVERS: Final = "ssmd_cover_images"
_LORA: Final = "lora"


@router.get("/thumb")
async def thumb(services: ServicesOf, filename: str = "") -> Response:
    """A preview picture that lies beside a network or a checkpoint; 404 for every other file."""
    folders = [Path(path).parent for path in await _paths(services)]
    found = await services.in_thread(_preview, filename, folders)
    if found is None:
        raise Refused(404, "File not found")
    return FileResponse(found, media_type=f"image/{_SUFFIXES[found.suffix.lower()]}")


@router.get("/metadata")
async def metadata(services: ServicesOf, page: str = "", item: str = "") -> dict[str, str]:
    """What a file says of itself, as JSON text; empty where it says nothing."""
    found = {key: value for key, value in (await _metadata(services, page, item)).items() if key != _COVERS}
    return {"metadata": json.dumps(found, indent=4, ensure_ascii=False)} if found else {}


@router.get("/cover-images", response_model=None)
async def cover_images(
    services: ServicesOf, page: str = "", item: str = "", index: int = 0
) -> Response | dict[str, Any]:
    """A picture that a file carries in its metadata; empty JSON where it carries none."""
    text = (await _metadata(services, page, item)).get(_COVERS)
    if text is None:
        return {}
    data = _cover(text, index)
    if data is None:
        raise Refused(404, "File not found")
    return Response(data, media_type="image/jpeg" if data.startswith(b"\xff\xd8") else "image/png")


@router.get("/get-single-card")
async def get_single_card(services: ServicesOf, page: str = "", tabname: str = "", name: str = "") -> dict[str, str]:
    """A card for one network, as HTML; empty where there is no such network."""
    if name not in await _names(services, page):
        return {}
    shown, tab = html.escape(name), html.escape(tabname)
    return {
        "html": f'<div class="card" data-name="{shown}" data-tabname="{tab}"><span class="name">{shown}</span></div>'
    }


async def _loras(services: Services) -> Iterable[ms.Lora]:
    return (await services.inference.ask(services.inference.models.ListLoras, ms.ListLorasRequest())).loras


async def _embeddings(services: Services) -> Iterable[ms.Embedding]:
    asked = ms.ListEmbeddingsRequest()
    return (await services.inference.ask(services.inference.models.ListEmbeddings, asked)).embeddings


async def _paths(services: Services) -> list[str]:
    models, loras = await services.catalogue.models(), await _loras(services)
    return [path for path in (*(model.path for model in models), *(lora.path for lora in loras)) if path]


async def _names(services: Services, page: str) -> set[str]:
    match page.lower():
        case "lora":
            return {lora.name for lora in await _loras(services)}
        case "checkpoints":
            return {model.name for model in await services.catalogue.models()}
        case "textual inversion":
            return {embedding.name for embedding in await _embeddings(services)}
    return set()


async def _metadata(services: Services, page: str, item: str) -> Mapping[str, str]:
    if page.lower() != _LORA:
        return {}
    return next((dict(lora.metadata) for lora in await _loras(services) if lora.name == item), {})


def _preview(name: str, folders: Iterable[Path]) -> Path | None:
    """The picture of that name where it really lies in one of the folders, links followed."""
    if "\0" in name or Path(name).suffix.lower() not in _SUFFIXES:
        return None
    path = Path(name).resolve()
    inside = any(path.parent == folder.resolve() for folder in folders)
    return path if inside and path.suffix.lower() in _SUFFIXES and path.is_file() else None


def _cover(text: str, index: int) -> bytes | None:
    try:
        images = json.loads(text)
        return base64.b64decode(images[index] if index >= 0 else "", validate=True) or None
    except (ValueError, binascii.Error, IndexError, KeyError, TypeError):
        return None
