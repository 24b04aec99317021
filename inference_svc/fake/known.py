"""Messages whose fields must fit together: an example of each, by full name."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from latentwire.v1 import types_pb2 as t

_SIDE = 8


def tensor() -> t.Tensor:
    """A small float32 tensor (1, 4, 8, 8) that rises from 0."""
    count = 4 * _SIDE * _SIDE
    data = struct.pack(f"<{count}f", *(index / count for index in range(count)))
    return t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[1, 4, _SIDE, _SIDE], data=data)


def png() -> bytes:
    """A 1×1 PNG, the smallest there is."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\x66\x99\xcc")
    parts = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_part(kind, data) for kind, data in parts)


def image() -> t.Image:
    """A whole picture."""
    return t.Image(data=png(), width=1, height=1, format=t.IMAGE_FORMAT_PNG)


def chunk() -> t.ImageChunk:
    """A whole picture in one chunk."""
    data = png()
    return t.ImageChunk(
        last=True, data=data, format=t.IMAGE_FORMAT_PNG, width=1, height=1, total_bytes=len(data), infotext="fake"
    )


def _png_part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


KNOWN: Mapping[str, Callable[[], Message]] = MappingProxyType(
    {
        "latentwire.v1.Tensor": tensor,
        "latentwire.v1.Image": image,
        "latentwire.v1.ImageChunk": chunk,
        "google.protobuf.Duration": lambda: Duration(seconds=1),
        "google.protobuf.Timestamp": lambda: Timestamp(seconds=1_700_000_000),
    }
)
"""Makers by full name."""
