"""Colours matched to a reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.pipelines.colors import from_lab, match_colors, match_histogram, to_lab, with_luminosity

_RANDOM = np.random.default_rng(2)


def luminosity(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return pixels.astype(np.float64) @ [0.3, 0.59, 0.11]


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 0, 0), (136, 208, 195)),
        ((0, 255, 0), (224, 42, 211)),
        ((0, 0, 255), (82, 207, 20)),
        ((255, 255, 255), (255, 128, 128)),
        ((0, 0, 0), (0, 128, 128)),
        ((128, 128, 128), (137, 128, 128)),
    ],
)
def test_the_bytes_of_a_colour_are_opencv_s(rgb: tuple[int, ...], lab: tuple[int, ...]) -> None:
    assert to_lab(np.array([[rgb]], np.uint8))[0, 0].tolist() == list(lab)


def test_there_and_back_again_is_nearly_nothing() -> None:
    pixels = _RANDOM.integers(0, 256, (40, 40, 3), np.uint8)
    moved = np.abs(from_lab(to_lab(pixels)).astype(int) - pixels)
    assert moved.mean() < 1.5


def test_values_take_the_reference_s_places() -> None:
    values = np.array([[1, 1, 2, 3]], np.uint8)
    assert match_histogram(values, np.array([[10, 20, 30, 40]], np.uint8)).tolist() == [[20, 20, 30, 40]]


def test_values_between_two_steps_of_the_reference_are_interpolated() -> None:
    assert match_histogram(np.array([[1, 2]], np.uint8), np.array([[0] + [100] * 3], np.uint8)).tolist() == [[33, 100]]


@settings(max_examples=30)
@given(values=st.lists(st.integers(0, 255), min_size=1, max_size=50))
def test_values_matched_to_themselves_stay(values: list[int]) -> None:
    array = np.array(values, np.uint8)
    assert np.array_equal(match_histogram(array, array), array)


def test_the_luminosity_is_the_source_s() -> None:
    colors, source = _RANDOM.integers(0, 256, (2, 30, 30, 3), np.uint8)
    mixed = with_luminosity(colors, source)
    assert np.abs(luminosity(mixed) - luminosity(source)).max() <= 1.01


def test_grey_gives_colours_its_luminosity_and_nothing_else() -> None:
    colors = np.array([[[200, 100, 100]]], np.uint8)
    moved = with_luminosity(colors, np.full((1, 1, 3), 150, np.uint8)).astype(int)[0, 0]
    assert (moved[0] - moved[1], moved[1] - moved[2]) == (100, 0)


def test_a_matched_picture_has_the_reference_s_colours_and_its_own_light() -> None:
    light = _RANDOM.integers(60, 200, (32, 32, 1), np.uint8)
    picture = np.repeat(light, 3, axis=2)
    red = np.dstack([light[..., 0], light[..., 0] // 3, light[..., 0] // 3]).astype(np.uint8)
    matched = match_colors(picture, red)
    assert matched[..., 0].mean() > matched[..., 1].mean() + 30
    assert np.abs(luminosity(matched) - luminosity(picture)).max() <= 1.01


def test_a_picture_matched_to_itself_is_nearly_itself() -> None:
    picture = _RANDOM.integers(0, 256, (32, 32, 3), np.uint8)
    assert np.abs(match_colors(picture, picture).astype(int) - picture).mean() < 2
