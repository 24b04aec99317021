"""Draws: sub-seeds, seed resize, ENSD."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.sampling import NOISE_SOURCES, NoiseSpec
from inference_svc.sampling.noise import Noise, draw, randn

SHAPE = (4, 6, 8)


def slerp_in_torch(strength: float, low: Noise, high: Noise) -> Noise:
    """The spherical blend over axis 1 in float64 torch, for noises that are not parallel."""
    a, b = torch.tensor(low, dtype=torch.float64), torch.tensor(high, dtype=torch.float64)
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=1, eps=0).unsqueeze(1)
    angle = cosine.acos()
    blend = ((1 - strength) * angle).sin() / angle.sin() * a + (strength * angle).sin() / angle.sin() * b
    return blend.to(torch.float32).numpy()


def test_without_options_draw_n_is_the_seeds_nth_noise() -> None:
    spec = NoiseSpec(seed=7)
    assert all(np.array_equal(draw(spec, index, SHAPE), randn(7, index, SHAPE)) for index in range(4))


def test_ensd_reseeds_every_draw_after_the_first() -> None:
    spec = NoiseSpec(seed=7, ensd=31337)
    assert np.array_equal(draw(spec, 0, SHAPE), randn(7, 0, SHAPE))
    assert np.array_equal(draw(spec, 1, SHAPE), randn(7 + 31337, 0, SHAPE))
    assert np.array_equal(draw(spec, 2, SHAPE), randn(7 + 31337, 1, SHAPE))


@pytest.mark.parametrize("strength", [0.1, 0.5, 1.0])
def test_a_subseed_blends_spherically_along_each_column(strength: float) -> None:
    blended = draw(NoiseSpec(seed=1, subseed=2, subseed_strength=strength), 0, SHAPE)
    expected = slerp_in_torch(strength, randn(1, 0, SHAPE), randn(2, 0, SHAPE))
    # Both compute in float64 and round once; nearly opposite columns divide by a small sine.
    np.testing.assert_allclose(blended, expected, rtol=1e-5, atol=1e-6)


def test_a_subseed_acts_on_the_first_draw_alone() -> None:
    spec = NoiseSpec(seed=1, subseed=2, subseed_strength=0.5)
    assert np.array_equal(draw(spec, 1, SHAPE), randn(1, 1, SHAPE))


def test_parallel_noises_give_back_the_noise() -> None:
    spec = NoiseSpec(seed=3, subseed=3, subseed_strength=0.25)
    np.testing.assert_allclose(draw(spec, 0, SHAPE), randn(3, 0, SHAPE), rtol=1e-6)


def test_nearly_parallel_noises_are_blended_with_the_strengths_swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = randn(1, 0, SHAPE), randn(1, 0, SHAPE) * 2
    monkeypatch.setattr(
        "inference_svc.sampling.noise.NOISE_SOURCES", {"nv": lambda seed, *_: low if seed == 1 else high}
    )
    blended = draw(NoiseSpec(seed=1, subseed=2, subseed_strength=0.25), 0, SHAPE)
    np.testing.assert_allclose(blended, low * 0.25 + high * 0.75, rtol=1e-6)


@given(strength=st.floats(0, 1), seed=st.integers(0, 1000))
def test_columns_of_one_cell_which_lie_on_one_line_stay_finite(strength: float, seed: int) -> None:
    noise = draw(NoiseSpec(seed=seed, subseed=seed + 1, subseed_strength=strength), 0, (4, 1, 8))
    assert np.isfinite(noise).all()


def test_resizing_from_a_smaller_size_pastes_its_noise_centred() -> None:
    noise = draw(NoiseSpec(seed=5, resize_from=(3, 4)), 0, SHAPE)
    expected = randn(5, 0, SHAPE)
    expected[:, 1:4, 2:6] = randn(5, 0, (4, 3, 4))
    assert np.array_equal(noise, expected)


def test_resizing_from_a_larger_size_takes_its_centre() -> None:
    # 9 to 6 rows leaves offset -2 and 5 rows; 12 to 8 columns offset -2 and 8 columns.
    noise = draw(NoiseSpec(seed=5, resize_from=(9, 12)), 0, SHAPE)
    expected = randn(5, 0, SHAPE)
    expected[:, 0:5, 0:8] = randn(5, 0, (4, 9, 12))[:, 2:7, 2:10]
    assert np.array_equal(noise, expected)


def test_resizing_from_the_same_size_changes_nothing() -> None:
    assert np.array_equal(draw(NoiseSpec(seed=5, resize_from=(6, 8)), 0, SHAPE), randn(5, 0, SHAPE))


def test_the_subseed_blends_at_the_size_resized_from() -> None:
    noise = draw(NoiseSpec(seed=5, subseed=6, subseed_strength=0.3, resize_from=(4, 4)), 0, SHAPE)
    small = draw(NoiseSpec(seed=5, subseed=6, subseed_strength=0.3), 0, (4, 4, 4))
    assert np.array_equal(noise[:, 1:5, 2:6], small)


def first_in_torch(spec: NoiseSpec, shape: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Generator]:
    """The first noise by A1111's rules from torch's own generators, and the generator that goes on."""
    going_on = torch.Generator().manual_seed(spec.seed)
    full = torch.randn(shape, generator=going_on)
    noise = full
    if spec.resize_from:
        noise = torch.randn((shape[0], *spec.resize_from), generator=torch.Generator().manual_seed(spec.seed))
    if spec.subseed_strength:
        other = torch.randn(noise.shape, generator=torch.Generator().manual_seed(spec.subseed))
        noise = torch.tensor(slerp_in_torch(spec.subseed_strength, noise.numpy(), other.numpy()))
    if spec.resize_from:
        (dy, height), (dx, width) = (
            ((large - small) // 2, small + 2 * min((large - small) // 2, 0))
            for large, small in zip(shape[1:], spec.resize_from, strict=True)
        )
        into, source = full[:, max(dy, 0) :, max(dx, 0) :], noise[:, max(-dy, 0) :, max(-dx, 0) :]
        into[:, :height, :width] = source[:, :height, :width]
        noise = full
    return noise, torch.Generator().manual_seed(spec.seed + spec.ensd) if spec.ensd else going_on


@pytest.mark.parametrize("ensd", [0, 31337])
@pytest.mark.parametrize("strength", [0.0, 0.3])
@pytest.mark.parametrize("resize_from", [None, (3, 4), (9, 11), (9, 4), (4, 13), (7, 9)])
def test_on_the_cpu_source_every_draw_is_torchs_by_a1111s_rules(
    ensd: int, strength: float, resize_from: tuple[int, int] | None
) -> None:
    spec = NoiseSpec("cpu", seed=2**33 + 9, subseed=8, subseed_strength=strength, resize_from=resize_from, ensd=ensd)
    first, going_on = first_in_torch(spec, SHAPE)
    # float32 here and there; nearly opposite columns divide by a small sine.
    np.testing.assert_allclose(draw(spec, 0, SHAPE), first, rtol=1e-5, atol=2e-6)
    for index in (1, 2, 3):
        np.testing.assert_allclose(draw(spec, index, SHAPE), torch.randn(SHAPE, generator=going_on), rtol=0, atol=1e-6)


@pytest.mark.parametrize("source", sorted(NOISE_SOURCES))
def test_every_source_makes_different_pictures_of_different_seeds(source: str) -> None:
    draws = [draw(NoiseSpec(source, seed=seed), index, SHAPE) for seed in (0, 1, 2**31) for index in (0, 1)]
    assert len({noise.tobytes() for noise in draws}) == len(draws)


def test_an_ensd_that_leaves_the_range_of_seeds_wraps_around() -> None:
    for source, randn_of in NOISE_SOURCES.items():
        below = draw(NoiseSpec(source, seed=1, ensd=-5), 1, SHAPE)
        assert np.array_equal(below, randn_of(2**64 - 4, 0, SHAPE))
