"""Normal noise from Philox 4x32-10, as CUDA's generator makes it: a pure function of seed, offset and element."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np

Noise: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
Words: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
Doubles: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Key: TypeAlias = tuple[int, int]

_BLOCK: Final = 2**14
"""Elements drawn at a time: what they need stays in a core's cache."""
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_MULTIPLIERS: Final = 0xD2511F53, 0xCD9E8D57
_WEYL: Final = 0x9E3779B9, 0xBB67AE85
_ROUND_COUNT: Final = 10
_UNIT: Final = float(np.float32(2.3283064e-10))  # 2**-32, in the single precision that CUDA uses
_TURN: Final = float(np.float32(2.3283064e-10 * 6.2831855))  # 2 pi / 2**32, likewise
_DOUBT: Final = 2.0**-46
"""By how much, relatively, a sine made of a tangent is wrong at the very most: tangents are good to 2**-50."""


class _Scratch(threading.local):
    """Rooms for a block's words, a thread's own: fresh ones each time would cost as much as the half of the work."""

    def __init__(self) -> None:
        self.rooms: Words = np.empty((6, _BLOCK), np.uint64)


_scratch = _Scratch()


def randn(seed: int, offset: int, shape: tuple[int, ...]) -> Noise:
    """Returns standard normal float32 noise of `shape`: the same numbers as A1111's "NV" source on every machine.

    `seed` is taken modulo 2**64; `offset` counts the draws made from that seed, whatever their shapes.
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; Box and Muller 1958.
    """
    noise = np.empty(math.prod(shape), np.float32)
    keys, offset = _round_keys(seed % 2**64), int(offset) % 2**32
    for start in range(0, noise.size, _BLOCK):
        block = noise[start : start + _BLOCK]
        rooms = _scratch.rooms[:, : len(block)]
        _draw_words(keys, offset, start, rooms)
        _to_normal(rooms, out=block)
    return noise.reshape(shape)


def _draw_words(keys: Sequence[Key], offset: int, start: int, rooms: Words) -> None:
    """Writes the first two of the four output words of each element into the first two rooms."""
    c0, c1, c2, c3, low, high = rooms
    _first_rounds(keys, offset, start, rooms)
    for k0, k1 in keys[2:-1]:
        np.multiply(c0, np.uint64(_MULTIPLIERS[0]), out=low)
        np.multiply(c2, np.uint64(_MULTIPLIERS[1]), out=high)
        _mix(high, c1, k0, out=c0)
        _mix(low, c3, k1, out=c2)
        np.bitwise_and(high, _LOW, out=c1)
        np.bitwise_and(low, _LOW, out=c3)
    np.multiply(c2, np.uint64(_MULTIPLIERS[1]), out=high)  # of the last round half is never looked at
    _mix(high, c1, keys[-1][0], out=c0)
    np.bitwise_and(high, _LOW, out=c1)


def _first_rounds(keys: Sequence[Key], offset: int, start: int, rooms: Words) -> None:
    """Writes the words after two rounds. Counters are (offset, 0, element, 0): half of these is the same for all."""
    c0, c1, c2, c3, low, high = rooms
    c2[:] = np.arange(start, start + rooms.shape[1], dtype=np.uint64)
    _multiply(c2, 1, c1, out=high)
    _mix(high, 0, keys[0][0], out=c0)
    upper, lower = divmod(offset * _MULTIPLIERS[0], 2**32)
    _multiply(c0, 0, c3, out=low)
    _mix(low, lower, keys[1][1], out=c2)
    upper, lower = divmod((upper ^ keys[0][1]) * _MULTIPLIERS[1], 2**32)
    np.bitwise_xor(c1, np.uint64(upper ^ keys[1][0]), out=c0)
    c1.fill(lower)


def _multiply(word: Words, index: int, lower: Words, *, out: Words) -> None:
    """Writes the product with a multiplier to `out`, and its lower half to `lower`."""
    np.multiply(word, np.uint64(_MULTIPLIERS[index]), out=out)
    np.bitwise_and(out, _LOW, out=lower)


def _mix(product: Words, word: Words | int, key: int, *, out: Words) -> None:
    """Writes the product's upper half, exclusive-or word and key, to `out`."""
    np.right_shift(product, _HALF, out=out)
    if isinstance(word, int):
        np.bitwise_xor(out, np.uint64(word ^ key), out=out)
    else:
        np.bitwise_xor(out, word, out=out)
        np.bitwise_xor(out, np.uint64(key), out=out)


def _to_normal(rooms: Words, *, out: Noise) -> None:
    """Writes Box and Muller's sqrt(-2 log u) sin v of the words in the first two rooms to `out`."""
    radius, product, square = (room.view(np.float64) for room in rooms[2:5])
    np.multiply(rooms[0], _UNIT, out=radius)
    np.add(radius, _UNIT / 2, out=radius)
    np.log(radius, out=radius)
    np.multiply(radius, -2.0, out=radius)
    np.sqrt(radius, out=radius)
    _nearly_sine(rooms[1], square, out=product)
    np.multiply(radius, product, out=product)
    upper = rooms[5].view(np.float32)[: len(out)]
    np.multiply(product, 1 - _DOUBT, out=out, casting="same_kind")
    np.multiply(product, 1 + _DOUBT, out=upper, casting="same_kind")
    if (doubtful := np.flatnonzero(out != upper)).size:  # so near the middle of two that the last bits decide
        out[doubtful] = radius[doubtful] * np.sin(rooms[1][doubtful] * _TURN + _TURN / 2)


def _nearly_sine(words: Words, square: Doubles, *, out: Doubles) -> None:
    """Writes sin v = 2 t / (1 + t**2), where t = tan(v / 2): NumPy has vector instructions for that one alone."""
    np.multiply(words, _TURN / 2, out=out)
    np.add(out, _TURN / 4, out=out)
    np.tan(out, out=out)
    np.multiply(out, out, out=square)
    np.add(square, 1.0, out=square)
    np.add(out, out, out=out)
    np.divide(out, square, out=out)


def _round_keys(seed: int) -> list[Key]:
    k0, k1 = seed % 2**32, seed >> 32
    return [((k0 + r * _WEYL[0]) % 2**32, (k1 + r * _WEYL[1]) % 2**32) for r in range(_ROUND_COUNT)]
