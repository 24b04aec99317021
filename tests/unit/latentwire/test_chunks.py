"""The one assembler of image chunks."""

from __future__ import annotations

import pytest

from latentwire.chunks import ChunkAssembler
from latentwire.errors import Internal
from latentwire.v1 import types_pb2 as t


def _chunk(offset: int, data: bytes, *, index: int = 0, total: int = 6) -> t.ImageChunk:
    last = offset + len(data) == total
    text = "i" if last else ""
    return t.ImageChunk(index=index, offset=offset, data=data, last=last, total_bytes=total, seed=9, infotext=text)


def test_a_picture_is_there_with_its_last_chunk() -> None:
    assembler = ChunkAssembler()
    assert [assembler.add(_chunk(0, b"abc")), assembler.position] == [None, (0, 3)]
    picture = assembler.add(_chunk(3, b"def"))
    assert picture is not None
    assert (picture.data, picture.seed, picture.infotext) == (b"abcdef", 9, "i")
    assert assembler.position == (-1, 0)


def test_pictures_come_one_after_the_other() -> None:
    assembler = ChunkAssembler()
    pictures = [assembler.add(_chunk(0, b"abcdef", index=index)) for index in range(2)]
    assert [picture.index for picture in pictures if picture] == [0, 1]


def test_a_picture_that_is_sent_anew_replaces_what_had_come() -> None:
    assembler = ChunkAssembler()
    assembler.add(_chunk(0, b"abc"))
    picture = assembler.add(_chunk(0, b"ABCDEF"))
    assert picture is not None
    assert picture.data == b"ABCDEF"


@pytest.mark.parametrize(
    "second",
    [_chunk(4, b"ef"), _chunk(3, b"def", index=1), t.ImageChunk(offset=3, data=b"d", last=True, total_bytes=9)],
)
def test_chunks_that_do_not_fit_together_are_refused(second: t.ImageChunk) -> None:
    assembler = ChunkAssembler()
    assembler.add(_chunk(0, b"abc"))
    with pytest.raises(Internal, match="picture"):
        assembler.add(second)
