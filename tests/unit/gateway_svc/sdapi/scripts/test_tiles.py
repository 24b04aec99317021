from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway_svc.sdapi.scripts.matched_noise import filled
from gateway_svc.sdapi.scripts.outpainting import extents
from gateway_svc.sdapi.scripts.sheet import Label, Legends, sheet
from gateway_svc.sdapi.scripts.tiles import Tiling, cut, joined


def noise(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


@settings(max_examples=40, deadline=None)
@example(size=(140, 8), tile=(18, 16), overlap=0)
@given(
    size=st.tuples(st.integers(8, 150), st.integers(8, 150)),
    tile=st.tuples(st.integers(16, 64), st.integers(16, 64)),
    overlap=st.integers(0, 15),
)
def test_tiles_that_nobody_changed_make_the_same_picture(
    size: tuple[int, int], tile: tuple[int, int], overlap: int
) -> None:
    image, tiling = noise(*size), Tiling(size, tile, overlap)
    tiles = cut(image, tiling)
    assert {each.size for each in tiles} == {tile}
    difference = np.abs(np.asarray(joined(tiles, tiling), int) - np.asarray(image, int))
    assert (difference.shape, int(difference.max()) <= 1) == ((size[1], size[0], 3), True)


def test_a1111s_own_case_has_nine_tiles() -> None:
    assert list(Tiling((128, 128), (64, 64), 8).places())[:4] == [(0, 0), (32, 0), (64, 0), (0, 32)]


def test_one_tile_passes_into_the_other() -> None:
    tiling = Tiling((28, 16), (16, 16), 4)
    picture = joined([Image.new("RGB", (16, 16), colour) for colour in ("black", "white")], tiling)
    assert [picture.getpixel((x, 8)) for x in (11, 12, 14, 16)] == [
        *((0, 0, 0), (0, 0, 0), (127, 127, 127), (255, 255, 255)),
    ]


@pytest.mark.parametrize(
    ("size", "pixels", "sides", "expected"),
    [
        ((64, 64), 32, ("left",), {"left": 64}),
        ((64, 64), 32, ("right", "left"), {"left": 32, "right": 32}),
        ((100, 50), 8, ("left", "right", "down"), {"left": 14, "right": 14, "down": 14}),
        ((64, 64), 8, (), {}),
    ],
)
def test_sides_grow_to_multiples_of_64(
    size: tuple[int, int], pixels: int, sides: tuple[str, ...], expected: dict[str, int]
) -> None:
    assert extents(size, pixels, sides) == expected


def test_noise_stands_where_nothing_is_known_and_has_the_pictures_colours() -> None:
    image, unknown = np.full((32, 32, 3), 0.25), np.zeros((32, 32))
    image[:, :8] = 0.5
    unknown[:, 16:] = 1
    found = filled(image, unknown, falloff=1.0, variation=0.1, seed=3)
    assert np.array_equal(found[:, :16], image[:, :16])
    assert (found[:, 16:].min() >= 0.25, found[:, 16:].max() <= 0.5, found[:, 16:].std() > 0.05) == (True, True, True)
    assert np.array_equal(found, filled(image, unknown, falloff=1.0, variation=0.1, seed=3))


def test_where_nothing_is_known_at_all_nothing_is_made_up() -> None:
    image = np.zeros((8, 8, 3))
    assert np.array_equal(filled(image, np.ones((8, 8)), falloff=1, variation=0, seed=0), image)


def test_a_sheet_without_legends_is_its_pictures() -> None:
    colours = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    picture = sheet([*colours, None], 2)
    assert (picture.size, picture.getpixel((9, 1)), picture.getpixel((9, 7))) == ((16, 12), (0, 255, 0), (255,) * 3)


def test_margins_and_legends_take_room() -> None:
    images = [Image.new("RGB", (200, 100), "black")] * 4
    bare = sheet(images, 2, Legends(margin=10))
    told = sheet(images, 2, Legends([[Label("a")], [Label("b " * 100)]], [[Label("c", applies=False)], []], margin=10))
    assert bare.size == (410, 210)
    assert (told.width, told.height > 250) == (410 + 150, True)
