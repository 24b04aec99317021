"""A case, made once: what came back, as one SHA-256."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable

from latentwire.chunks import ChunkAssembler, Picture
from latentwire.v1 import generation_service_pb2 as g
from tools.determinism.cases import Case, RestCase, RpcCase
from tools.determinism.service import PATIENCE_S, Faces


class WrongEngine(Exception):
    """An answer came from another engine than the one that was asked."""


async def digest(faces: Faces, case: Case) -> str:
    """Makes a case's pictures and returns their digest, hexadecimal.

    Raises WrongEngine, and whatever the call raises.
    """
    return await (_rpc(faces, case) if isinstance(case, RpcCase) else _rest(faces, case))


async def _rpc(faces: Faces, case: RpcCase) -> str:
    call = faces.generation.GenerateImage(case.request, timeout=PATIENCE_S)
    metadata = {key: str(value) for key, value in await call.initial_metadata() or ()}
    check_engine(faces.engine, metadata.get("x-latentwire-engine", ""))
    pictures = _pictures([event async for event in call])
    return sha256(part for picture in pictures for part in (picture.data, picture.infotext.encode()))


def _pictures(events: Iterable[g.GenerateImageResponse]) -> list[Picture]:
    """In the order of their numbers: which one is done first depends on the company."""
    assembler = ChunkAssembler()
    chunks = (event.image for event in events if event.HasField("image"))
    found = [picture for chunk in chunks if (picture := assembler.add(chunk)) is not None]
    return sorted(found, key=lambda picture: picture.index)


async def _rest(faces: Faces, case: RestCase) -> str:
    response = await faces.rest.post(case.path, json=dict(case.body))
    response.raise_for_status()
    answer = response.json()
    files = [base64.b64decode(image) for image in answer["images"]]
    check_engine(faces.engine, response.headers.get("X-Latentwire-Engine", ""))
    return sha256([*files, *(text.encode() for text in json.loads(answer["info"])["infotexts"])])


def check_engine(asked: str, told: str) -> None:
    """Raises WrongEngine unless the answer comes from the engine that was asked."""
    if told != asked:
        raise WrongEngine(f"asked {asked!r}, was answered by {told!r}")


def sha256(parts: Iterable[bytes]) -> str:
    """Returns the digest of the parts, each with its length before it, so that no two lists of parts read alike."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()
