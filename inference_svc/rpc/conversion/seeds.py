"""Seeds: unsigned 64-bit numbers, carried in signed fields."""

from __future__ import annotations

from latentwire.v1 import types_pb2 as t

_MODULUS = 2**64


def unsigned(seed: int) -> int:
    """Returns the seed that a signed field means: 0 to 2**64 - 1."""
    return seed % _MODULUS


def signed(seed: int) -> int:
    """Returns a seed as a signed field carries it."""
    return seed - _MODULUS if seed >= _MODULUS // 2 else seed


def picture_seeds(noise: t.NoiseSpec, count: int) -> tuple[tuple[int, int], ...]:
    """Returns seed and sub-seed of every picture, unsigned: consecutive seeds, or with a variation sub-seeds."""
    seed, subseed = unsigned(noise.seed), unsigned(noise.subseed)
    step = 0 if noise.subseed_strength else 1
    return tuple(((seed + index * step) % _MODULUS, (subseed + index) % _MODULUS) for index in range(count))
