"""Masks: read, blurred, shrunk to latents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from inference_svc.pipelines import InpaintSettings
from inference_svc.pipelines.masks import blurred, gaussian_kernel, latent_mask, read_mask


def shape(height: int = 20, width: int = 30, channels: int = 3) -> np.ndarray[Any, Any]:
    """A white block on black; with a fourth channel all of it opaque."""
    pixels = np.zeros((height, width, channels), np.uint8)
    pixels[5:12, 8:20, :3] = 255
    pixels[..., 3:] = 255
    return pixels


def read(pixels: np.ndarray[Any, Any], size: tuple[int, int] = (30, 20), **changes: Any) -> np.ndarray[Any, Any]:
    return read_mask(InpaintSettings(pixels, **{"blur": (0, 0), **changes}), size)


def oracle(mask: np.ndarray[Any, Any], deviation: int, axis: int) -> np.ndarray[Any, Any]:
    """A Gaussian of 2 * int(2.5 * deviation + 0.5) + 1 weights, by its density, in scipy."""
    reach = int(2.5 * deviation + 0.5)
    density = [math.exp(-((i / deviation) ** 2) / 2) for i in range(-reach, reach + 1)]
    weights = np.array(density) / sum(density)
    return np.asarray(np.rint(ndimage.correlate1d(mask.astype(np.float64), weights, axis, mode="mirror")))


def test_white_is_repainted_and_black_is_kept() -> None:
    assert np.array_equal(read(shape()), shape()[..., 0])


def test_grey_is_repainted_in_part() -> None:
    assert set(read(np.full((20, 30, 3), 100, np.uint8)).flat) == {100}


def test_with_transparency_what_is_more_than_half_opaque_is_repainted() -> None:
    pixels = shape(channels=4)
    pixels[..., 3] = np.linspace(0, 255, 30, dtype=np.uint8)
    assert np.array_equal(read(pixels), np.where(pixels[..., 3] > 128, 255, 0))


def test_a_mask_that_is_not_rounded_keeps_its_transparency() -> None:
    pixels = shape(channels=4)
    pixels[..., 3] = np.linspace(0, 255, 30, dtype=np.uint8)
    assert np.array_equal(read(pixels, rounded=False), pixels[..., 3])


def test_a_fourth_channel_that_is_all_opaque_is_no_transparency() -> None:
    assert np.array_equal(read(shape(channels=4)), shape()[..., 0])


def test_an_inverted_mask_is_the_rest() -> None:
    assert np.array_equal(read(shape(), invert=True), 255 - shape()[..., 0])


def test_a_mask_of_another_size_is_resized_to_the_picture() -> None:
    mask = read(shape(40, 60), size=(30, 20))
    expected = Image.fromarray(shape(40, 60)[..., 0]).resize((30, 20), Image.Resampling.LANCZOS)
    assert np.array_equal(mask, np.asarray(expected))


@pytest.mark.parametrize(("deviation", "weights"), [(1, 7), (4, 21), (5, 27), (64, 321)])
def test_the_kernel_has_a1111_s_length_and_sums_to_one(deviation: int, weights: int) -> None:
    kernel = gaussian_kernel(deviation)
    assert (len(kernel), kernel.sum()) == (weights, pytest.approx(1.0))
    assert np.array_equal(kernel, kernel[::-1])


@pytest.mark.parametrize("blur", [(4, 4), (0, 3), (7, 0), (1, 9)])
def test_a_blurred_mask_is_a_gaussian_along_each_axis(blur: tuple[int, int]) -> None:
    expected = shape()[..., 0]
    for axis, deviation in ((1, blur[0]), (0, blur[1])):
        expected = oracle(expected, deviation, axis) if deviation else expected
    assert np.abs(blurred(shape()[..., 0], blur) - expected).max() <= 1


def test_no_blur_changes_nothing() -> None:
    assert np.array_equal(blurred(shape()[..., 0], (0, 0)), shape()[..., 0])


@settings(max_examples=20)
@given(value=st.integers(0, 255), height=st.integers(1, 9), width=st.integers(1, 9), blur=st.integers(0, 64))
def test_an_even_mask_stays_even_however_it_is_blurred(value: int, height: int, width: int, blur: int) -> None:
    even = np.full((height, width), value, np.uint8)
    assert np.array_equal(blurred(even, (blur, blur)), even)


def test_a_latent_mask_is_0_or_1_when_it_is_rounded() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[13:50, 13:50] = 255
    small = latent_mask(blurred(mask, (4, 4)), (8, 8), rounded=True)
    assert (small.shape, small.dtype, set(small.flat)) == ((1, 1, 8, 8), np.float32, {0.0, 1.0})


def test_a_latent_mask_that_is_not_rounded_is_the_resized_mask() -> None:
    mask = blurred(shape(64, 48)[..., 0], (4, 4))
    expected = np.asarray(Image.fromarray(mask).resize((6, 8), Image.Resampling.BICUBIC)) / 255
    assert np.allclose(latent_mask(mask, (6, 8), rounded=False)[0, 0], expected, atol=1e-6)
