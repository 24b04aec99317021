"""Philox noise against the numbers that others publish and against the algorithm written out for one element."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.sampling.noise import randn


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x32-10 of Salmon et al. 2011, in Python integers."""
    for _ in range(10):
        first, second = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second % 2**32,
            (first >> 32) ^ counter[3] ^ key[1],
            first % 2**32,
        ]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return counter


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_the_algorithm_written_out_gives_random123s_known_answers(
    counter: list[int], key: list[int], words: list[int]
) -> None:
    assert philox(counter, key) == words


def test_seed_zero_starts_as_published() -> None:
    expected = [-0.924663, -0.425344, -2.643846, 0.145184, -0.120866, -0.579726]
    # Published to six digits from an exact 2 pi; A1111's own is rounded to float32, which costs up to 3e-7.
    np.testing.assert_allclose(randn(0, 0, (6,)), expected, rtol=0, atol=1e-6)


def gaussian(first: int, second: int) -> float:
    """Box and Muller's, in double precision."""
    unit, turn = float(np.float32(2.3283064e-10)), float(np.float32(2.3283064e-10 * 6.2831855))
    return math.sqrt(-2 * math.log(first * unit + unit / 2)) * math.sin(second * turn + turn / 2)


@given(seed=st.integers(0, 2**64 - 1), offset=st.integers(0, 2**32 - 1), index=st.integers(0, 99))
def test_every_element_is_box_and_mullers_normal_of_its_own_counter(seed: int, offset: int, index: int) -> None:
    g0, g1, *_ = philox([offset, 0, index, 0], [seed % 2**32, seed >> 32])
    # One rounding to float32, relative 2**-24, of values up to 6.7.
    assert randn(seed, offset, (10, 10)).reshape(-1)[index] == pytest.approx(gaussian(g0, g1), rel=2**-23, abs=1e-7)


@pytest.mark.parametrize("count", [16_383, 16_384, 16_385, 32_768, 40_000])
def test_elements_on_both_sides_of_a_block_are_those_of_their_own_counters(count: int) -> None:
    noise = randn(7, 3, (count,))
    near = [index for edge in (0, 16_384, 32_768, count) for index in range(edge - 2, edge + 2) if 0 <= index < count]
    expected = [gaussian(*philox([3, 0, index, 0], [7, 0])[:2]) for index in near]
    assert noise[near].tolist() == pytest.approx(expected, rel=2**-23, abs=1e-7)


def test_threads_draw_beside_each_other_as_alone() -> None:
    alone = [randn(seed, 0, (60_000,)) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        beside = list(pool.map(lambda seed: randn(seed, 0, (60_000,)), [*range(8)] * 4))
    np.testing.assert_array_equal(beside, alone * 4)


def test_a_number_in_the_middle_of_two_floats_falls_as_with_the_sine_itself() -> None:
    assert randn(1_010_185, 0, (2**17,))[99_016] == np.float32(-0.609107)


def test_an_element_does_not_depend_on_the_shape_around_it() -> None:
    assert randn(5, 3, (4, 8, 8)).reshape(-1)[:7].tolist() == randn(5, 3, (7,)).tolist()


def test_noise_is_float32_and_normal() -> None:
    noise = randn(1, 0, (4, 64, 64))
    assert noise.dtype == np.float32
    # Four standard errors of 16384 samples.
    assert abs(float(noise.mean())) < 4 / 128
    assert abs(float(noise.var()) - 1) < 4 * math.sqrt(2) / 128


def test_a_seed_beyond_64_bits_wraps_around() -> None:
    assert randn(2**64 + 3, 0, (5,)).tolist() == randn(3, 0, (5,)).tolist()
    assert randn(-1, 0, (5,)).tolist() == randn(2**64 - 1, 0, (5,)).tolist()
