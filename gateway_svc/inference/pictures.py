"""The events of one generation, with its pictures put together."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from latentwire.chunks import ChunkAssembler, Picture
from latentwire.errors import Internal
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

Event = gs.Accepted | Picture | gs.Completed


async def events(responses: AsyncIterable[gs.GenerateImageResponse]) -> AsyncIterator[Event]:
    """What a caller waits for: acceptance, whole pictures, the end. The rest is left out.

    Pictures are raw RGB, but for those with transparency, which are files.
    """
    assembler = ChunkAssembler()
    async for response in responses:
        match response.WhichOneof("event"):
            case "accepted":
                yield response.accepted
            case "image":
                if picture := assembler.add(response.image):
                    yield _checked(picture)
            case "completed":
                yield response.completed
            case _:
                pass


def _checked(picture: Picture) -> Picture:
    raw = picture.format == types.IMAGE_FORMAT_RAW_RGB
    if raw and len(picture.data) != picture.width * picture.height * 3:
        size = f"{picture.width}×{picture.height}"
        raise Internal(f"picture {picture.index}: {len(picture.data)} bytes are not {size} RGB pixels")
    return picture


__all__ = ["Event", "Picture", "events"]
