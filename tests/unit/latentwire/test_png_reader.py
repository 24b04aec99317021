"""PNG files written here, read by a reader that shares nothing with what wrote them: the specification's own words."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from latentwire import image_file
from latentwire.image_text import read

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 6: 4}
LATIN, BEYOND = "größe: 3\nSteps: 4, Sampler: Euler", "高さ 🌊\nSteps: 4, Sampler: Euler"


@dataclass(frozen=True)
class Chunk:
    kind: str
    data: bytes


def chunks(file: bytes) -> Iterator[Chunk]:
    """Every chunk, with its checksum checked (PNG specification, 5.3)."""
    assert file.startswith(SIGNATURE)
    position = len(SIGNATURE)
    while position < len(file):
        (length,) = struct.unpack_from(">I", file, position)
        kind, data = file[position + 4 : position + 8], file[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", file, position + 8 + length)
        assert checksum == zlib.crc32(kind + data)
        yield Chunk(kind.decode("ascii"), data)
        position += 12 + length


def texts(file: bytes) -> dict[str, tuple[str, str]]:
    """By key: the kind of the chunk, and its text (11.3.3)."""
    found = {}
    for chunk in chunks(file):
        key, _, rest = chunk.data.partition(b"\0")
        if chunk.kind == "tEXt":
            found[key.decode("latin-1")] = ("tEXt", rest.decode("latin-1"))
        elif chunk.kind == "iTXt":
            found[key.decode("latin-1")] = ("iTXt", international(rest))
    return found


def international(rest: bytes) -> str:
    """What follows the key: two flags, a language, a translated key, and the text in UTF-8."""
    compressed, method, (_, _, text) = rest[0], rest[1], rest[2:].split(b"\0", 2)
    assert (compressed in {0, 1}, method) == (True, 0)
    return (zlib.decompress(text) if compressed else text).decode("utf-8")


def pixels(file: bytes) -> tuple[int, int, bytes]:
    """Width, height and samples of eight bits, row by row (9.2)."""
    found = list(chunks(file))
    width, height, depth, colour, *ways = struct.unpack(">IIBBBBB", found[0].data)
    assert (found[0].kind, found[-1], depth, ways) == ("IHDR", Chunk("IEND", b""), 8, [0, 0, 0])
    raw = zlib.decompress(b"".join(chunk.data for chunk in found if chunk.kind == "IDAT"))
    size, stride = CHANNELS[colour], width * CHANNELS[colour]
    assert len(raw) == height * (stride + 1)
    rows, above = [], bytes(stride)
    for start in range(0, len(raw), stride + 1):
        above = unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, size)
        rows.append(above)
    return width, height, b"".join(rows)


def unfiltered(method: int, row: bytes, above: bytes, size: int) -> bytes:
    """A row as it was before its filter."""
    done = bytearray(size) + bytearray(len(row))
    for index, value in enumerate(row):
        left, corner = done[index], above[index - size] if index >= size else 0
        guess = (0, left, above[index], (left + above[index]) // 2, nearest(left, above[index], corner))[method]
        done[index + size] = (value + guess) % 256
    return bytes(done[size:])


def nearest(left: int, above: int, corner: int) -> int:
    """Paeth's predictor (9.4)."""
    return min((left, above, corner), key=lambda value: abs(left + above - corner - value))


def picture(mode: str = "RGB") -> Image.Image:
    """A gradient with noise, of an odd size."""
    noise = Image.effect_noise((37, 23), 60).tobytes()
    across = Image.linear_gradient("L").resize((37, 23))
    bands = [across, Image.frombytes("L", (37, 23), noise), across.rotate(180), across]
    return Image.merge(mode, bands[: len(mode)])


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_pixels_are_read_back(mode: str) -> None:
    image = picture(mode)
    assert pixels(image_file.encode(image, "PNG", infotext=LATIN)) == (37, 23, image.tobytes())


@pytest.mark.parametrize(("text", "kind"), [(LATIN, "tEXt"), ("plain", "tEXt"), (BEYOND, "iTXt")])
def test_a_text_in_latin_1_is_a_plain_chunk_and_any_other_an_international_one(text: str, kind: str) -> None:
    file = image_file.encode(picture(), "PNG", infotext=text)
    assert texts(file) == {"parameters": (kind, text)}


def test_without_a_text_there_is_no_chunk_for_one() -> None:
    assert {chunk.kind for chunk in chunks(image_file.encode(picture(), "PNG"))} == {"IHDR", "IDAT", "IEND"}


@settings(max_examples=40)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_text_is_read_alike_here_by_the_specification_and_by_pillow(text: str) -> None:
    file = image_file.encode(Image.new("RGB", (1, 1)), "PNG", infotext=text)
    assert texts(file)["parameters"][1] == read(file).infotext == text


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("kind", "rest", "text"),
    [
        (b"tEXt", LATIN.encode("latin-1"), LATIN),
        (b"zTXt", b"\0" + zlib.compress(LATIN.encode("latin-1")), LATIN),
        (b"iTXt", b"\0\0\0\0" + BEYOND.encode(), BEYOND),
        (b"iTXt", b"\1\0en\0parameters\0" + zlib.compress(BEYOND.encode()), BEYOND),
    ],
)
def test_a_file_of_other_hands_is_read(kind: bytes, rest: bytes, text: str) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")
    assert read(SIGNATURE + header + chunk(kind, b"parameters\0" + rest) + body).infotext == text
