"""What weights do to encoded tokens."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inference_svc.prompts import Emphasis, apply_weights

HIDDEN = np.random.default_rng(1).normal(0.2, 1.0, (1, 77, 8)).astype(np.float32)
WEIGHTS = (1.0, 1.5, 0.5, *[1.0] * 74)


def test_original_emphasis_multiplies_and_restores_the_mean() -> None:
    weighted = apply_weights(HIDDEN, WEIGHTS, Emphasis.ORIGINAL)
    plain = HIDDEN * np.array(WEIGHTS, np.float32)[None, :, None]
    np.testing.assert_allclose(weighted.mean(), HIDDEN.mean(), rtol=1e-5)
    np.testing.assert_allclose(weighted, plain * (HIDDEN.mean() / plain.mean()), rtol=1e-5)


def test_emphasis_without_norm_multiplies_alone() -> None:
    weighted = apply_weights(HIDDEN, WEIGHTS, Emphasis.NO_NORM)
    np.testing.assert_array_equal(weighted, HIDDEN * np.array(WEIGHTS, np.float32)[None, :, None])


@pytest.mark.parametrize("emphasis", [Emphasis.IGNORE, Emphasis.NONE])
def test_other_emphasis_leaves_the_vectors(emphasis: Emphasis) -> None:
    assert apply_weights(HIDDEN, WEIGHTS, emphasis) is HIDDEN


def test_weights_of_one_leave_the_vectors() -> None:
    assert apply_weights(HIDDEN, (1.0,) * 77) is HIDDEN


@pytest.mark.parametrize("value", [0.0, 3e38])
def test_a_mean_that_cannot_be_restored_is_left(value: float) -> None:
    hidden = np.full((1, 77, 2), value, np.float64)
    assert np.isfinite(apply_weights(hidden, (0.0,) * 76 + (1.0,))).all()


@pytest.mark.parametrize(("kind", "value", "weight"), [(np.float64, 1e300, 1e-320), (np.float32, 1.0, 1e-40)])
def test_a_ratio_beyond_float_range_is_left_out(kind: type[np.floating], value: float, weight: float) -> None:
    hidden = np.full((1, 77, 2), value, kind)
    np.testing.assert_array_equal(apply_weights(hidden, (weight,) * 77), hidden * kind(weight))


def test_a_mean_that_cancels_out_does_not_push_vectors_beyond_float_range() -> None:
    hidden = np.ones((1, 77, 2), np.float32)
    weights = (10.0, -10.0, *[1e-37] * 75)
    assert np.isfinite(apply_weights(hidden, weights)).all()


def test_a_torch_tensor_stays_one() -> None:
    weighted = apply_weights(torch.from_numpy(HIDDEN), WEIGHTS)
    np.testing.assert_allclose(weighted.numpy(), apply_weights(HIDDEN, WEIGHTS), rtol=1e-4, atol=1e-5)


@given(
    arrays(np.float32, (1, 77, 3), elements=st.floats(-100, 100, width=32)),
    st.lists(st.floats(-10, 10), min_size=77, max_size=77),
    st.sampled_from(Emphasis),
)
def test_shape_and_type_are_kept(hidden: np.ndarray, weights: list[float], emphasis: Emphasis) -> None:
    weighted = apply_weights(hidden, weights, emphasis)
    assert (weighted.shape, weighted.dtype) == (hidden.shape, hidden.dtype)
