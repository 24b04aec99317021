"""The Mersenne Twister's noise against torch's CPU generator."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.sampling.mt19937 import randn

# Two float32 steps of values up to 5: torch's vectorised logarithm and sine differ from machine to machine.
NEAR = 1e-6
SEEDS = st.integers(0, 2**64 - 1)


def torchs(seed: int, offset: int, shape: tuple[int, ...]) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    *_, last = (torch.randn(shape, generator=generator).numpy() for _ in range(offset + 1))
    return last


@given(seed=SEEDS, offset=st.integers(0, 9), count=st.integers(1, 15))
@settings(max_examples=50)
def test_few_numbers_are_torchs(seed: int, offset: int, count: int) -> None:
    # Float64 rounded once, on both sides.
    np.testing.assert_allclose(randn(seed, offset, (count,)), torchs(seed, offset, (count,)), rtol=1e-7, atol=0)


@given(seed=SEEDS, offset=st.integers(0, 9), shape=st.tuples(st.integers(1, 5), st.integers(4, 12), st.integers(4, 12)))
@settings(max_examples=50)
def test_blocks_and_the_block_made_anew_are_torchs(seed: int, offset: int, shape: tuple[int, int, int]) -> None:
    np.testing.assert_allclose(randn(seed, offset, shape), torchs(seed, offset, shape), rtol=0, atol=NEAR)


@pytest.mark.parametrize("shape", [(1,), (15,), (16,), (17,), (4, 64, 64), (4, 65, 33), (16, 8, 8)])
def test_latents_of_any_size_are_torchs_late_in_the_stream(shape: tuple[int, ...]) -> None:
    np.testing.assert_allclose(randn(2**32 - 1, 40, shape), torchs(2**32 - 1, 40, shape), rtol=0, atol=NEAR)


def test_noise_is_float32_and_normal() -> None:
    noise = randn(1, 0, (4, 64, 64))
    assert noise.dtype == np.float32
    # Four standard errors of 16384 samples.
    assert abs(float(noise.mean())) < 4 / 128
    assert abs(float(noise.var()) - 1) < 4 * math.sqrt(2) / 128


def test_a_draw_does_not_depend_on_those_made_before() -> None:
    late = randn(77, 23, (4, 8, 8))
    for offset in (3, 50, 22):
        randn(77, offset, (4, 8, 8))
    assert np.array_equal(randn(77, 23, (4, 8, 8)), late)


def test_the_low_32_bits_of_a_seed_count_as_in_torch() -> None:
    assert np.array_equal(randn(2**40 + 5, 0, (20,)), randn(5, 0, (20,)))
    np.testing.assert_allclose(randn(-1, 0, (20,)), torchs(-1, 0, (20,)), rtol=0, atol=NEAR)
