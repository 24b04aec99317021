"""One Brownian path per seed: noise between two levels that does not depend on which others are asked for, or when.

The path is torchsde's BrownianTree, which A1111 uses, number for number up to rounding where the levels are the same:
the range is halved again and again, each half's increment drawn from the bridge between its ends with a seed that
numpy.random.SeedSequence makes of the path's seed and the node, until the level asked for is an end. Levels are kept to
six decimal places.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inference_svc.sampling.noise import NOISE_SOURCES, Noise, NoiseSpec, Shape

_DECIMALS = 6
_POOL_SIZE = 24
_REMEMBERED_POINTS = 64
"""How many points of paths are kept, at 2 or 3 a picture: a path's next increment begins where its last one ended."""


@dataclass(frozen=True, slots=True)
class BrownianPath:
    """A path W over [low, high], of arrays of `shape` (C, H, W), with W(low) = 0.

    `source` and `seed` say where its normal noise comes from, as in NoiseSpec; sub-seeds and ENSD don't act on it.
    """

    source: str
    seed: int
    low: float
    high: float
    shape: Shape

    @classmethod
    def of(cls, spec: NoiseSpec, shape: Shape) -> BrownianPath:
        """Returns the path of a picture over its plan's whole range of noise levels."""
        return cls(spec.source, spec.seed, spec.sigma_min, spec.sigma_max, shape)

    def noise(self, sigma: float, sigma_next: float) -> Noise:
        """Returns standard normal noise, float64: (W(sigma_next) - W(sigma)) / sqrt(|sigma_next - sigma|).

        Levels beyond the range count as its ends.
        """
        if sigma == sigma_next:
            return np.zeros(self.shape)
        increment = self.at(sigma_next) - self.at(sigma)
        return increment / math.sqrt(abs(sigma_next - sigma))

    def prepare(self, levels: Iterable[float]) -> None:
        """Works W out at levels, so that asking for it there soon is only looking it up. Some 20 ms a level."""
        for level in levels:
            self.at(level)

    def at(self, sigma: float) -> Noise:
        """Returns W(sigma), float64, of variance sigma - low. Not to be written to."""
        start, end = self._ends
        return _point(self, min(max(round(sigma, _DECIMALS), start), end))

    @property
    def _ends(self) -> tuple[float, float]:
        return round(self.low, _DECIMALS), round(self.high, _DECIMALS)

    def _descend(self, target: float) -> Noise:
        """Returns W of a level within the ends, rounded as they are: the halving comes upon no other."""
        start, end = self._ends
        before, node, depth = np.zeros(self.shape), 0, 0
        increment = self._normal() * math.sqrt(self.high - self.low)
        while start < target < end:
            middle = round(0.5 * (start + end), _DECIMALS)
            share = (middle - start) / (end - start)
            left = increment * share + self._normal(node, depth) * math.sqrt((end - middle) * share)
            if target < middle:
                end, increment, node = middle, left, 2 * node
            else:
                start, increment, node, before = middle, increment - left, 2 * node + 1, before + left
            depth += 1
        return before if target == start else before + increment

    def _normal(self, *node: int) -> Noise:
        seeds = np.random.SeedSequence(self.seed, spawn_key=node, pool_size=_POOL_SIZE)
        return NOISE_SOURCES[self.source](int(seeds.generate_state(1)[0]), 0, self.shape).astype(np.float64)


@lru_cache(maxsize=_REMEMBERED_POINTS)
def _point(path: BrownianPath, level: float) -> Noise:
    point = path._descend(level)
    point.flags.writeable = False
    return point
