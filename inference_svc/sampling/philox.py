"""Normal noise from Philox 4x32-10, as CUDA's generator makes it: a pure function of seed, offset and element."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

Noise: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
Words: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85
_ROUND_COUNT = 10
_UNIT = float(np.float32(2.3283064e-10))  # 2**-32, in the single precision that CUDA uses
_TURN = float(np.float32(2.3283064e-10 * 6.2831855))  # 2 pi / 2**32, likewise


def randn(seed: int, offset: int, shape: tuple[int, ...]) -> Noise:
    """Returns standard normal float32 noise of `shape`: the same numbers as A1111's "NV" source on every machine.

    `seed` is taken modulo 2**64; `offset` counts the draws made from that seed, whatever their shapes.
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; Box and Muller 1958.
    """
    radius, angle = _words(seed % 2**64, offset % 2**32, math.prod(shape))
    u = radius * _UNIT + _UNIT / 2
    v = angle * _TURN + _TURN / 2
    noise: Noise = (np.sqrt(-2.0 * np.log(u)) * np.sin(v)).astype(np.float32)
    return noise.reshape(shape)


def _words(seed: int, offset: int, count: int) -> tuple[Words, Words]:
    """Returns the first two of the four output words of each element."""
    c0, c1 = np.full(count, offset, dtype=np.uint64), np.zeros(count, dtype=np.uint64)
    c2, c3 = np.arange(count, dtype=np.uint64), np.zeros(count, dtype=np.uint64)
    low, high = np.empty_like(c0), np.empty_like(c0)
    for k0, k1 in _round_keys(seed):
        np.multiply(c0, _MULTIPLIERS[0], out=low)
        np.multiply(c2, _MULTIPLIERS[1], out=high)
        _mix(high, c1, k0, out=c0)
        _mix(low, c3, k1, out=c2)
        np.bitwise_and(high, _LOW, out=c1)
        np.bitwise_and(low, _LOW, out=c3)
    return c0, c1


def _mix(product: Words, word: Words, key: np.uint64, *, out: Words) -> None:
    """Writes the product's upper half, exclusive-or word and key, to `out`: in place, which halves the time."""
    np.right_shift(product, _HALF, out=out)
    np.bitwise_xor(out, word, out=out)
    np.bitwise_xor(out, key, out=out)


def _round_keys(seed: int) -> list[tuple[np.uint64, np.uint64]]:
    k0, k1 = seed % 2**32, seed >> 32
    rounds = range(_ROUND_COUNT)
    return [(np.uint64((k0 + r * _WEYL[0]) % 2**32), np.uint64((k1 + r * _WEYL[1]) % 2**32)) for r in rounds]
