"""The Brownian path: torchsde's numbers, and a Brownian motion whatever is asked of it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.sampling import NoiseSpec
from inference_svc.sampling.brownian import BrownianPath
from tests.oracles.torchsde import noise_sampler

SHAPE = (4, 6, 8)
SPEC = NoiseSpec(seed=2**32 + 17, sigma_min=0.03125, sigma_max=14.625)
PATH = BrownianPath.of(SPEC, SHAPE)
LEVELS = [14.625, 9.8123456, 5.0, 1.98765432, 0.7, 0.69, 0.1, 0.03125]


def test_it_is_torchsdes_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = noise_sampler(monkeypatch, SPEC, torch.zeros(1, *SHAPE, dtype=torch.float64))
    for sigma, sigma_next in [*pairwise(LEVELS), (14.625, 0.03125), (0.7, 5.0), (2.5, 2.499999)]:
        expected = reference(sigma, sigma_next)[0]
        # float64 sums in another order, relative to a path that goes up to 15; measured 1e-14 for whole steps. The last
        # pair is one millionth apart, which divides by a thousandth.
        np.testing.assert_allclose(PATH.noise(sigma, sigma_next), expected, rtol=0, atol=1e-10)


def test_levels_beyond_the_range_are_its_ends() -> None:
    assert np.array_equal(PATH.at(99.0), PATH.at(SPEC.sigma_max))
    assert np.array_equal(PATH.at(0.0), np.zeros(SHAPE))
    assert np.array_equal(PATH.noise(0.5, 0.5), np.zeros(SHAPE))


@settings(max_examples=30)
@given(st.tuples(*[st.floats(0.03, 14.6)] * 3))
def test_increments_add_up(levels: tuple[float, float, float]) -> None:
    a, b, c = levels
    np.testing.assert_allclose(
        (PATH.at(b) - PATH.at(a)) + (PATH.at(c) - PATH.at(b)), PATH.at(c) - PATH.at(a), atol=1e-12
    )


def test_it_is_the_same_whatever_else_is_asked_for() -> None:
    before = [PATH.at(level) for level in LEVELS]
    others = [PATH.at(0.1 + 0.1 * index) for index in range(40)]  # more than are remembered
    after = [PATH.at(level) for level in reversed(LEVELS)]
    assert all(map(np.array_equal, before, reversed(after)))
    assert len(others) == 40


def test_increments_of_any_step_are_standard_normal() -> None:
    path = BrownianPath("nv", 5, 0.03, 14.6, (4, 64, 64))
    for sigma, sigma_next in [(14.6, 11.0), (3.0, 2.9), (0.5, 0.03)]:
        noise = path.noise(sigma, sigma_next)
        # 16384 samples: standard errors 0.008, 0.0055 and, of the fourth moment, 0.08.
        assert noise.mean() == pytest.approx(0, abs=0.032)
        assert noise.std() == pytest.approx(1, abs=0.022)
        assert (noise**4).mean() == pytest.approx(3, abs=0.32)


def test_points_covary_as_those_of_a_brownian_motion_do() -> None:
    path = BrownianPath("nv", 6, 1.0, 9.0, (4, 64, 64))
    points = np.stack([path.at(level).reshape(-1) for level in (2.0, 4.5, 9.0)])
    expected = [[1.0, 1.0, 1.0], [1.0, 3.5, 3.5], [1.0, 3.5, 8.0]]  # min(s, t), counted from the low end
    # 16384 samples: a standard error of at most sqrt(2 / 16384) of 8.
    np.testing.assert_allclose(np.cov(points), expected, atol=4 * 8 * math.sqrt(2 / 16384))


def test_disjoint_steps_are_independent() -> None:
    path = BrownianPath("nv", 7, 0.03, 14.6, (4, 64, 64))
    steps = np.stack([path.noise(a, b).reshape(-1) for a, b in pairwise([14.6, 9.0, 7.5, 7.4, 2.0, 0.03])])
    np.testing.assert_allclose(np.corrcoef(steps), np.eye(5), atol=4 / math.sqrt(16384))


def test_another_seed_or_range_is_another_path() -> None:
    step = (3.0, 2.0)
    others = [BrownianPath("nv", 8, 1.0, 4.0, SHAPE), BrownianPath("nv", 7, 1.0, 5.0, SHAPE)]
    noise = BrownianPath("nv", 7, 1.0, 4.0, SHAPE).noise(*step)
    assert not any(np.allclose(noise, other.noise(*step), atol=0.1) for other in others)


def test_sub_seeds_and_ensd_leave_the_path_alone() -> None:
    changed = NoiseSpec(seed=7, subseed=9, subseed_strength=0.5, ensd=31337, sigma_min=1.0, sigma_max=4.0)
    assert BrownianPath.of(changed, SHAPE) == BrownianPath("nv", 7, 1.0, 4.0, SHAPE)


def test_its_points_are_not_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        PATH.at(5.0)[:] = 0
