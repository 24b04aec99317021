"""Upscaling: sizes, passes, tiles and their seams."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.pipelines.spec import Pixels
from inference_svc.pipelines.upscaling import (
    INTERPOLATING,
    LANCZOS,
    NEAREST,
    NONE,
    UpscaleSpec,
    find_upscaler,
    most_pixels,
    passes,
    resized,
    tile_count,
    upscale,
)
from inference_svc.work import Array, Compute, Evaluate, UpscalerFacts, UpscaleRow
from latentwire.errors import NotFound

Network = Callable[[Array], Array]
TWICE = UpscalerFacts("twice", 2)


def squares(pixels: Array) -> Array:
    """Each pixel a square of four."""
    return pixels.repeat(2, axis=2).repeat(2, axis=3)


def smooth(pixels: Array) -> Array:
    """A mean of 5 by 5, edges repeated, then squares: what it makes of a tile's edge differs from the whole's."""
    padded = np.pad(pixels, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(2, 3))
    return squares(windows.mean(axis=(4, 5)).astype(np.float32))


def run(spec: UpscaleSpec, pixels: Pixels, network: Network = squares) -> tuple[Pixels, list[tuple[int, ...]]]:
    """The result, and the shapes of the tiles that the network was given, one an ask."""
    pipeline: Generator[Any, Any, Pixels] = upscale(spec, pixels)
    shapes: list[tuple[int, ...]] = []
    answer: Any = None
    while True:
        try:
            ask = pipeline.send(answer)
        except StopIteration as end:
            return end.value, shapes
        match ask:
            case Compute(function, arguments):
                answer = function(*arguments)
            case Evaluate(rows=(UpscaleRow(pixels=tile),)):
                shapes.append(tile.shape)
                answer = (network(tile),)
            case _:
                answer = None


def picture(height: int, width: int, seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@settings(max_examples=40)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    tile=st.integers(4, 40),
    overlap=st.integers(0, 30),
    fixed=st.booleans(),
)
def test_tiles_of_what_looks_at_single_pixels_fit_together_exactly(
    height: int, width: int, tile: int, overlap: int, fixed: bool
) -> None:
    upscaler = replace(TWICE, tile=(tile, tile + 3) if fixed else None)
    pixels = picture(height, width)
    spec = UpscaleSpec(upscaler, 2 * width, 2 * height, tile, overlap)
    result, shapes = run(spec, pixels)
    np.testing.assert_array_equal(result, pixels.repeat(2, axis=0).repeat(2, axis=1))
    assert (len(shapes), len(set(shapes))) == (tile_count(spec, width, height), 1)


def test_what_looks_at_neighbours_has_no_seams_where_tiles_overlap() -> None:
    rows, columns = np.mgrid[0:48, 0:72]
    slope = np.stack([rows * 5, columns * 3, rows + columns], axis=2).astype(np.uint8)
    whole, _ = run(UpscaleSpec(TWICE, 144, 96, tile=0), slope, smooth)
    tiled, shapes = run(UpscaleSpec(TWICE, 144, 96, tile=24, overlap=8), slope, smooth)
    apart, _ = run(UpscaleSpec(TWICE, 144, 96, tile=24, overlap=0), slope, smooth)
    assert (len(shapes), difference(whole, tiled) <= 1, difference(whole, apart) > 2) == (3 * 4, True, True)


def difference(one: Pixels, other: Pixels) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def test_a_picture_is_given_to_the_network_tile_by_tile() -> None:
    _, shapes = run(UpscaleSpec(TWICE, 600, 400), picture(200, 300))
    assert set(shapes) == {(1, 3, 192, 192)}
    assert len(shapes) == tile_count(UpscaleSpec(TWICE, 600, 400), 300, 200) == 2 * 2


@pytest.mark.parametrize(("tile", "beside"), [(256, False), (264, True)])
def test_a_large_tile_is_cut_beside_the_device_thread(tile: int, beside: bool) -> None:
    pipeline = upscale(UpscaleSpec(TWICE, 600, 600, tile=tile), picture(300, 300))
    pipeline.send(None)
    assert isinstance(pipeline.send(None), Compute) is beside


def test_a_small_picture_is_filled_up_to_a_size_that_networks_take() -> None:
    result, shapes = run(UpscaleSpec(TWICE, 18, 10), picture(5, 9))
    assert (shapes, result.shape) == ([(1, 3, 8, 16)], (10, 18, 3))


@pytest.mark.parametrize(
    ("upscaler", "target", "count"),
    [
        (TWICE, (8, 8), 0),
        (TWICE, (9, 8), 1),
        (TWICE, (16, 16), 1),
        (TWICE, (17, 16), 2),
        (TWICE, (64, 64), 3),
        (TWICE, (640, 64), 3),
        (TWICE, (4, 4), 0),
        (LANCZOS, (64, 64), 0),
        (UpscalerFacts("cleaner", 1), (16, 16), 1),
        (UpscalerFacts("cleaner", 1), (8, 8), 0),
    ],
)
def test_a_network_runs_until_the_size_is_reached_at_most_three_times(
    upscaler: UpscalerFacts, target: tuple[int, int], count: int
) -> None:
    assert passes(UpscaleSpec(upscaler, *target), 8, 8) == count


@pytest.mark.parametrize(("target", "count"), [((8, 8), 1), ((4, 4), 0)])
def test_a_network_that_keeps_the_size_may_run_all_the_same(target: tuple[int, int], count: int) -> None:
    assert passes(UpscaleSpec(UpscalerFacts("cleaner", 1), *target, always=True), 8, 8) == count


@pytest.mark.parametrize("upscaler", [*INTERPOLATING, TWICE], ids=lambda upscaler: upscaler.name)
@pytest.mark.parametrize("target", [(50, 30), (7, 60), (3, 2), (20, 10)])
def test_the_result_has_the_size_asked_for(upscaler: UpscalerFacts, target: tuple[int, int]) -> None:
    result, _ = run(UpscaleSpec(upscaler, *target), picture(10, 20))
    assert (result.shape, result.dtype) == ((target[1], target[0], 3), np.uint8)


@pytest.mark.parametrize("upscaler", [NONE, LANCZOS])
def test_without_a_network_it_is_lanczos(upscaler: UpscalerFacts) -> None:
    pixels = picture(10, 20)
    result, _ = run(UpscaleSpec(upscaler, 40, 20), pixels)
    np.testing.assert_array_equal(result, resized(pixels, 40, 20))


def test_nearest_makes_squares_and_lanczos_cuts_them_to_size() -> None:
    pixels = picture(10, 20)
    exact, _ = run(UpscaleSpec(NEAREST, 60, 30), pixels)
    np.testing.assert_array_equal(exact, pixels.repeat(3, axis=0).repeat(3, axis=1))
    squeezed, _ = run(UpscaleSpec(NEAREST, 60, 20), pixels)
    np.testing.assert_array_equal(squeezed, resized(exact, 60, 20))


def test_nothing_is_done_to_a_picture_of_the_right_size() -> None:
    pixels = picture(10, 20)
    assert run(UpscaleSpec(LANCZOS, 20, 10), pixels)[0] is pixels


def test_what_is_on_the_way_may_be_larger_than_the_result() -> None:
    four = UpscalerFacts("four", 4)
    sizes = [most_pixels(UpscaleSpec(each, 200, 100), 100, 50) for each in (four, TWICE, LANCZOS)]
    assert sizes == [400 * 200, 200 * 100, 200 * 100]


def test_numbers_that_are_none_become_black_and_others_stay_in_range() -> None:
    def wild(pixels: Array) -> Array:
        values = squares(pixels)
        values[:, 0], values[:, 1], values[:, 2] = np.nan, 7.0, -7.0
        return values

    result, _ = run(UpscaleSpec(TWICE, 8, 8), picture(4, 4), wild)
    assert result.reshape(-1, 3).tolist() == [[0, 255, 0]] * 64


def test_the_network_is_loaded_before_its_first_tile() -> None:
    loaded: list[str] = []
    upscaler = replace(TWICE, load=lambda: loaded.append("now"))
    first = next(upscale(UpscaleSpec(upscaler, 8, 8), picture(4, 4)))
    assert first == Compute(upscaler.load)


def test_an_upscaler_is_found_by_its_name_alone() -> None:
    assert find_upscaler("Lanczos", INTERPOLATING) is LANCZOS
    with pytest.raises(NotFound, match="there is no upscaler 'lanczos'; known: None, Lanczos, Nearest"):
        find_upscaler("lanczos", INTERPOLATING)
