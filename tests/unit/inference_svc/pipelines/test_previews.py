"""A cheap look at latents."""

from __future__ import annotations

import numpy as np

from inference_svc.pipelines import preview

LATENTS = np.array([[[[0.0, 1.0]], [[1.0, 0.0]]]], np.float32)


def test_channels_are_mapped_to_colours_with_a_bias() -> None:
    red_and_blue = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.2, 0.0))
    assert preview(LATENTS, red_and_blue).tolist() == [[[0, 51, 255], [255, 51, 0]]]


def test_what_lies_outside_is_clipped_and_what_is_no_number_is_black() -> None:
    latents = np.array([[[[-9.0, 9.0, np.nan]]]], np.float32)
    assert preview(latents, ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))[0, :, 0].tolist() == [0, 255, 0]


def test_a_model_without_a_map_is_shown_in_grey() -> None:
    shown = preview(LATENTS, ())
    assert shown.shape == (1, 2, 3)
    assert shown[0, 0].tolist() == [128, 128, 128]
    assert shown[0, 1, 0] > 128
