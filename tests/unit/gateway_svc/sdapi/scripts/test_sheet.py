"""Legends beside the pictures of a sheet."""

from __future__ import annotations

from PIL import Image, ImageChops

from gateway_svc.sdapi.scripts.sheet import Label, Legends, sheet

SIDE = 64


def written(column: str, *, row: str = "", side: int = SIDE) -> tuple[int, int, int, int]:
    """Where the legend of one white picture is dark: left, top, right, bottom."""
    made = sheet([Image.new("RGB", (side, side), "white")], 1, Legends([[Label(column)]], [[Label(row)]]))
    found = ImageChops.invert(made.convert("L")).point(lambda value: 255 * (value > 64)).getbbox()
    assert found is not None
    return found


def test_a_legend_is_readable_beside_a_small_picture() -> None:
    _, top, _, bottom = written("Seed")
    assert bottom - top >= 7


def test_a_legend_grows_with_the_pictures() -> None:
    _, top, _, bottom = written("Seed", side=512)
    assert bottom - top >= 26


def test_a_long_word_stays_above_its_picture() -> None:
    left, _, right, _ = written("extraordinarily")
    assert (left > 0, right < SIDE) == (True, True)


def test_a_long_word_stays_beside_its_picture() -> None:
    left, _, right, _ = written("", row="extraordinary")
    assert (left > 0, right <= SIDE * 3 // 4) == (True, True)
