"""Fitting pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines import InitSettings, ResizeMode
from inference_svc.pipelines.latent_scaling import bilinear, rescaled
from inference_svc.pipelines.resizing import encodable, fitted, flattened
from tests.unit.inference_svc.pipelines.toys import pixels, spec


def fit(init: Any, mode: ResizeMode = ResizeMode.STRETCH, **changes: Any) -> np.ndarray[Any, Any]:
    """Fits to 32 x 24; returns (H, W, 3) in 0..255."""
    settings = InitSettings(resize_mode=mode, **changes)
    values = encodable(fitted(spec(), settings, flattened(init, settings.background)))
    return np.asarray(np.rint((values[0].transpose(1, 2, 0) + 1) * 127.5), np.uint8)


def halves(height: int, width: int) -> np.ndarray[Any, Any]:
    """Black above or left of the middle, white beyond, along the longer side."""
    image = np.zeros((height, width, 3), np.uint8)
    if width >= height:
        image[:, width // 2 :] = 255
    else:
        image[height // 2 :] = 255
    return image


@pytest.mark.parametrize("mode", list(ResizeMode))
def test_a_picture_of_the_right_size_is_left_as_it_is(mode: ResizeMode) -> None:
    image = pixels(24, 32)
    assert np.array_equal(fit(image, mode), image)


@pytest.mark.parametrize("mode", [ResizeMode.STRETCH, ResizeMode.CROP, ResizeMode.FILL])
@pytest.mark.parametrize("size", [(48, 64), (24, 100), (100, 32), (7, 5)])
def test_every_mode_gives_the_size_asked_for(mode: ResizeMode, size: tuple[int, int]) -> None:
    assert fit(pixels(*size), mode).shape == (24, 32, 3)


def test_stretching_keeps_all_of_the_picture() -> None:
    image = fit(halves(24, 128))
    assert (image[:, :12].max(), image[:, 20:].min()) == (0, 255)


def test_cropping_keeps_the_middle() -> None:
    wide = np.zeros((24, 64, 3), np.uint8)
    wide[:, 16:48] = 255
    assert fit(wide, ResizeMode.CROP).min() == 255


def test_filling_repeats_the_edges() -> None:
    image = fit(halves(24, 24)[:, ::-1], ResizeMode.FILL)
    assert (image[:, :8].min(), image[:, 24:].max()) == (255, 0)


def test_filling_above_and_below_repeats_the_first_and_the_last_row() -> None:
    wide = np.zeros((12, 64, 3), np.uint8)
    wide[0], wide[-1] = 255, 255
    image = fit(wide, ResizeMode.FILL)
    assert (image[0].min(), image[-1].min(), image[12].max()) == (image[9].max(), image[14].max(), image[12].min())


def test_transparent_parts_show_the_background() -> None:
    image = np.zeros((24, 32, 4), np.uint8)
    image[:, 16:, 3] = 255
    shown = fit(image, background=(10, 20, 30))
    assert (shown[0, 0].tolist(), shown[0, 31].tolist()) == ([10, 20, 30], [0, 0, 0])


@pytest.mark.parametrize(
    ("size", "encoded"), [((24, 32), (24, 32)), ((31, 33), (24, 32)), ((256, 128), (128, 64)), ((400, 4), (128, 16))]
)
def test_the_latent_mode_takes_the_picture_s_own_size_in_whole_cells_within_the_model_s_limits(
    size: tuple[int, int], encoded: tuple[int, int]
) -> None:
    assert fit(pixels(*size), ResizeMode.LATENT).shape == (*encoded, 3)


def test_latents_of_the_right_size_are_left_as_they_are() -> None:
    latents = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    assert np.array_equal(rescaled(latents, 3, 4, bilinear), latents)


def test_latents_are_interpolated_between_the_centres_of_cells() -> None:
    latents = np.array([0, 4], np.float32).reshape(1, 1, 1, 2)
    assert rescaled(latents, 2, 4, bilinear).tolist() == [[[[0, 1, 3, 4], [0, 1, 3, 4]]]]


def test_interpolated_latents_keep_their_type_and_a_plane_stays_a_plane() -> None:
    plane = np.add.outer(np.arange(8), np.arange(8)).astype(np.float32)[None, None]
    resized = rescaled(plane, 4, 4, bilinear)
    assert resized.dtype == np.float32
    assert resized[0, 0].tolist() == np.add.outer([0.5, 2.5, 4.5, 6.5], [0.5, 2.5, 4.5, 6.5]).tolist()
