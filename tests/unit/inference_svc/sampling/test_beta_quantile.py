"""The beta distribution's quantiles against scipy's."""

from __future__ import annotations

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.sampling.beta_quantile import quantile, quantiles

SHAPES = st.floats(-3, 2).map(lambda exponent: 10.0**exponent)


@given(share=st.floats(1e-15, 1), alpha=SHAPES, beta=SHAPES)
def test_quantiles_are_scipys(share: float, alpha: float, beta: float) -> None:
    # Measured at most 2e-12 over 20 000 cases; the project asks for 1e-9.
    assert quantile(share, alpha, beta) == pytest.approx(scipy.stats.beta.ppf(share, alpha, beta), rel=0, abs=1e-11)


@pytest.mark.parametrize("share", [1e-15, 1e-12, 0.5, 1 - 1e-12])
@pytest.mark.parametrize(("alpha", "beta"), [(0.6, 0.6), (100.0, 100.0), (0.001, 100.0), (100.0, 0.001)])
def test_the_tails_are_scipys_too(share: float, alpha: float, beta: float) -> None:
    assert quantile(share, alpha, beta) == pytest.approx(scipy.stats.beta.ppf(share, alpha, beta), rel=0, abs=1e-11)


def test_the_ends_are_the_distributions() -> None:
    assert (quantile(0.0, 0.6, 0.6), quantile(1.0, 0.6, 0.6)) == (0.0, 1.0)


@given(share=st.floats(0, 1))
def test_equal_shapes_of_one_give_back_the_share(share: float) -> None:
    assert quantile(share, 1.0, 1.0) == pytest.approx(share, abs=1e-11)


def test_shares_fall_evenly_from_one() -> None:
    assert quantiles(1, 0.6, 0.6) == (1.0,)
    assert quantiles(5, 1.0, 1.0) == pytest.approx((1.0, 0.75, 0.5, 0.25, 0.0))
