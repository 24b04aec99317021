"""Pictures on their way in, from whatever holds one, and out, as files in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import PIL.Image

from latentwire.chunks import ChunkAssembler, Picture
from latentwire.client.requests import Format, Image
from latentwire.client.tensors import Array
from latentwire.client.wire import words
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2

Source: TypeAlias = bytes | str | PathLike[str] | PIL.Image.Image | Array | Image
"""A picture: a file's bytes, its path, a Pillow image, an array (H, W, 3) of uint8, or a message's mirror."""
Kind: TypeAlias = Literal["result", "mask", "mask_composite"]
"""What a picture shows: a result, the mask that was used, the repainted part alone."""

_FORMATS = words(types_pb2.ImageFormat.DESCRIPTOR)
_KINDS = words(types_pb2.ImageKind.DESCRIPTOR)
_SEED_COUNT = 2**64


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """One finished picture. `data`: the file, or for raw_rgb rows of width * 3 bytes; sizes in pixels.

    `index`: which picture, from 0, in the order of the seeds; masks and composites bear their result's.
    """

    data: bytes = field(repr=False)
    format: Format
    width: int
    height: int
    seed: int
    subseed: int
    infotext: str
    index: int
    kind: Kind

    @property
    def pil(self) -> PIL.Image.Image:
        """The picture for Pillow, read anew at each look."""
        if self.format == "raw_rgb":
            return PIL.Image.frombytes("RGB", (self.width, self.height), self.data)
        return PIL.Image.open(io.BytesIO(self.data))

    @property
    def pixels(self) -> Array:
        """(H, W, 3) of uint8."""
        return np.asarray(self.pil.convert("RGB"))

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the bytes as they are, over what is there, and returns the path."""
        Path(path).write_bytes(self.data)
        return Path(path)


class PictureReader:
    """Puts pictures together from chunks."""

    def __init__(self) -> None:
        self._assembler = ChunkAssembler()

    def take(self, chunk: types_pb2.ImageChunk) -> GeneratedImage | None:
        """Returns the picture when this was its last chunk. Raises Internal where chunks don't fit together."""
        picture = self._assembler.add(chunk)
        return None if picture is None else _generated(picture)


def image_of(source: Source, field: str) -> Image:
    """Returns a picture as it is sent. Raises InvalidArgument, which names the field, where it can't be read."""
    if isinstance(source, Image):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return Image(bytes(source))
    if isinstance(source, PIL.Image.Image):
        return Image(_png(source))
    if isinstance(source, str | PathLike):
        return Image(_file(Path(source), field))
    return _raw(np.asarray(source), field)


def _generated(picture: Picture) -> GeneratedImage:
    return GeneratedImage(
        data=picture.data,
        format=_word(_FORMATS, picture.format),  # type: ignore[arg-type]  # words of that enum
        width=picture.width,
        height=picture.height,
        seed=picture.seed % _SEED_COUNT,
        subseed=picture.subseed % _SEED_COUNT,
        infotext=picture.infotext,
        index=picture.index,
        kind=_word(_KINDS, picture.kind),  # type: ignore[arg-type]  # words of that enum
    )


def _word(known: Mapping[str, int], number: int) -> str:
    return next((word for word, one in known.items() if one == number), str(number))


def _png(image: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _file(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidArgument.of(field, str(path), f"a file that can be read; {error.strerror}") from error


def _raw(pixels: Array, field: str) -> Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InvalidArgument.of(field, f"{pixels.dtype} {pixels.shape}", "an array (H, W, 3) of uint8")
    height, width, _ = pixels.shape
    return Image(np.ascontiguousarray(pixels).tobytes(), width, height, "raw_rgb")
