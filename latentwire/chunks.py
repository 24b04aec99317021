"""Puts pictures together from the chunks of a stream: the one assembler of every client."""

from __future__ import annotations

from dataclasses import dataclass

from latentwire.errors import Internal
from latentwire.v1 import types_pb2


@dataclass(frozen=True, slots=True)
class Picture:
    """One whole picture: `data` is encoded as `format` says, or raw RGB rows. `kind`: result, mask or composite."""

    index: int
    data: bytes
    format: types_pb2.ImageFormat.ValueType
    width: int
    height: int
    seed: int
    subseed: int
    infotext: str
    kind: types_pb2.ImageKind.ValueType = types_pb2.IMAGE_KIND_RESULT


class ChunkAssembler:
    """Collects chunks of one stream; pictures come whole, one after the other.

    After an interruption, `position` says what has arrived; a stream that repeats what came before is taken up where
    it was left.
    """

    def __init__(self) -> None:
        self._index = -1
        self._data = bytearray()

    @property
    def position(self) -> tuple[int, int]:
        """The picture being put together (-1: none) and the bytes of it that are here."""
        return self._index, len(self._data)

    def add(self, chunk: types_pb2.ImageChunk) -> Picture | None:
        """Takes a chunk; returns the picture when this was its last.

        Raises Internal where chunks don't fit together: a gap, mixed pictures, another length than announced.
        """
        self._begin(chunk)
        if chunk.offset != len(self._data):
            raise Internal(f"picture {chunk.index}: chunk at byte {chunk.offset}, expected {len(self._data)}")
        self._data += chunk.data
        return self._finish(chunk) if chunk.last else None

    def _begin(self, chunk: types_pb2.ImageChunk) -> None:
        if chunk.offset == 0:
            self._index, self._data = chunk.index, bytearray()
        elif chunk.index != self._index:
            raise Internal(f"picture {chunk.index}: chunk inside of picture {self._index}")

    def _finish(self, chunk: types_pb2.ImageChunk) -> Picture:
        data, self._index, self._data = bytes(self._data), -1, bytearray()
        if len(data) != chunk.total_bytes:
            raise Internal(f"picture {chunk.index}: {len(data)} bytes, announced {chunk.total_bytes}")
        return Picture(
            index=chunk.index, data=data, format=chunk.format, width=chunk.width, height=chunk.height,
            seed=chunk.seed, subseed=chunk.subseed, infotext=chunk.infotext,
            kind=chunk.kind or types_pb2.IMAGE_KIND_RESULT,
        )  # fmt: skip
