"""Enlarging a picture: sizes, the second upscaler, the crop, and being stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.pipelines.enlarging import EnlargingSpec, covering_size, enlarge, scaled_size
from inference_svc.pipelines.reports import PictureReady
from inference_svc.pipelines.spec import ImageFormat, OutputOptions, Pixels
from inference_svc.pipelines.upscaling import LANCZOS, NEAREST, NONE, TileDone, UpscaleSpec, resized
from inference_svc.work import Ask, BatchKey, Compute, Evaluate, Kind, Report, Stopped, UpscalerFacts
from tests.unit.inference_svc.pipelines.toys import compute

TWICE = UpscalerFacts("twice", 2)
RAW = OutputOptions(ImageFormat.RAW_RGB)
PIXELS: Pixels = np.arange(12 * 20 * 3, dtype=np.uint32).astype(np.uint8).reshape(12, 20, 3)


def spec(upscaler: UpscalerFacts, width: int = 40, height: int = 24, **fields: Any) -> EnlargingSpec:
    return EnlargingSpec(PIXELS, UpscaleSpec(upscaler, width, height, tile=8, overlap=2), output=RAW, **fields)


def reports(wanted: EnlargingSpec, stop_at: Callable[[Ask], bool] = lambda _: False) -> list[Any]:
    """What it reports; where it is told, Stopped is thrown in place of the answer, once."""
    pipeline, told, stopped = enlarge(wanted), [], False
    ask = next(pipeline)
    while True:
        try:
            if isinstance(ask, Report):
                told.append(ask.event)
                ask = pipeline.send(None)
            elif not stopped and stop_at(ask):
                stopped, ask = True, pipeline.throw(Stopped())
            else:
                ask = pipeline.send(answer(ask))
        except StopIteration:
            return told


def answer(ask: Ask) -> Any:
    if isinstance(ask, Compute):
        return ask.function(*ask.arguments)
    return tuple(map(compute, ask.rows)) if isinstance(ask, Evaluate) else None


def pixels_of(wanted: EnlargingSpec) -> Pixels:
    ready = reports(wanted)[-1]
    assert ready.data == ready.pixels.tobytes()
    pixels: Pixels = ready.pixels
    return pixels


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.01, 8))
def test_sides_are_multiplied_and_rounded_down_to_multiples_of_8(width: int, height: int, factor: float) -> None:
    for side, scaled in zip((width, height), scaled_size(width, height, factor), strict=True):
        exact = int(side * factor)
        assert scaled == (exact // 8 * 8 if exact >= 8 else max(exact, 1))


@pytest.mark.parametrize(
    ("target", "size"),
    [((400, 400), (664, 400)), ((400, 0), (400, 240)), ((0, 400), (664, 400)), ((401, 100), (401, 240))],
)
def test_a_size_that_covers_a_target_keeps_the_proportions(target: tuple[int, int], size: tuple[int, int]) -> None:
    assert covering_size(100, 60, target) == size


def test_none_keeps_the_picture_whatever_else_is_asked_for() -> None:
    wanted = spec(NONE, second=UpscaleSpec(TWICE, 40, 24), visibility=1.0, crop=(8, 8))
    np.testing.assert_array_equal(pixels_of(wanted), PIXELS)
    assert (wanted.tiles, wanted.key) == (0, None)


@pytest.mark.parametrize(("visibility", "share"), [(0.0, 0), (0.5, 0.5), (1.0, 1)])
def test_a_second_upscaler_is_laid_over_the_first(visibility: float, share: float) -> None:
    first, second = pixels_of(spec(NEAREST)), pixels_of(spec(LANCZOS))
    wanted = spec(NEAREST, second=UpscaleSpec(LANCZOS, 40, 24), visibility=visibility)
    np.testing.assert_allclose(pixels_of(wanted), first * (1 - share) + second * share, atol=0.5)


def test_the_middle_is_cut_out() -> None:
    whole = pixels_of(spec(NEAREST))
    np.testing.assert_array_equal(pixels_of(spec(NEAREST, crop=(16, 8))), whole[8:16, 12:28])


def test_every_tile_of_both_networks_is_reported_and_counted_beforehand() -> None:
    wanted = spec(TWICE, second=UpscaleSpec(TWICE, 40, 24, tile=16, overlap=2), visibility=0.5)
    told = reports(wanted)
    assert [type(each) for each in told] == [TileDone] * wanted.tiles + [PictureReady]
    assert wanted.key == BatchKey(Kind.UPSCALE, "twice", (3, 8, 8))


def test_what_is_measured_is_the_network_wherever_it_comes() -> None:
    wanted = spec(LANCZOS, second=UpscaleSpec(TWICE, 40, 24, tile=16), visibility=0.5)
    assert wanted.key == BatchKey(Kind.UPSCALE, "twice", (3, 16, 16))


@pytest.mark.parametrize("kind", [Evaluate, Compute])
def test_a_stopped_one_is_enlarged_by_lanczos(kind: type[Ask]) -> None:
    told = reports(spec(TWICE, crop=(16, 8)), lambda ask: isinstance(ask, kind))
    np.testing.assert_array_equal(told[-1].pixels, resized(PIXELS, 40, 24)[8:16, 12:28])


def test_a_text_goes_into_the_file() -> None:
    wanted = EnlargingSpec(PIXELS, UpscaleSpec(LANCZOS, 40, 24), infotext="a hat")
    ready = reports(wanted)[-1]
    assert (ready.infotext, b"a hat" in ready.data, ready.width, ready.height) == ("a hat", True, 40, 24)
