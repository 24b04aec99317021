"""How many rows a batch may have: where throughput stops growing, a bigger batch only delays everybody."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from statistics import median

from inference_svc.work import BatchKey

_GOOD = 0.85  # decision 0007
_GROWTH = 1.05
_START = 8
_MOST = 64
_ENOUGH = 3
_TRY_EVERY = 8
_RETRY_EVERY = 128


@dataclass(slots=True)
class _Curve:
    """Measured seconds by batch size: powers of two."""

    seconds: dict[int, deque[float]] = field(default_factory=dict)
    ceiling: int = _MOST
    warm: bool = False
    contended: int = 0

    def rates(self) -> dict[int, float]:
        known = {rows: times for rows, times in self.seconds.items() if len(times) >= _ENOUGH and rows <= self.ceiling}
        return {rows: rows / max(median(times), 1e-9) for rows, times in known.items()}

    def knee(self) -> int:
        rates = self.rates()
        if min(_START, self.ceiling) not in rates:
            return min(_START, self.ceiling)
        best = max(rates.values())
        return min(rows for rows, rate in rates.items() if rate >= _GOOD * best)

    def untried(self) -> list[int]:
        """Sizes worth measuring: beside the knee, and beyond the largest one while doubling still pays."""
        rates, knee = self.rates(), self.knee()
        largest = max(rates, default=knee)
        pays = largest in rates and rates[largest] >= _GROWTH * rates.get(largest // 2, 0.0)
        sizes = {knee // 2, knee * 2, largest * 2 if pays else knee * 2}
        return sorted(rows for rows in sizes if rows not in rates)


class BatchCap:
    """The learned cap: for each batch key the smallest batch with 85 % of the best rows per second; 8 until known.

    Sizes are tried at powers of two, where there are rows for them: every 8th contended batch while one is untried that
    lies beside the cap, or beyond the largest known while doubling still gains 5 %; every 128th batch afterwards, since
    machines change their minds. The first batch of a key is not counted: it pays for allocation. `fixed` replaces all
    of it.
    """

    def __init__(self, fixed: int | None = None, *, most_keys: int = 256) -> None:
        self._fixed = fixed
        self._most_keys = most_keys
        self._curves: OrderedDict[BatchKey, _Curve] = OrderedDict()

    def rows(self, key: BatchKey) -> int:
        """Returns the cap as it stands."""
        curve = self._curves.get(key)
        return self._fixed or (_START if curve is None else curve.knee())

    def limit(self, key: BatchKey, ready: int) -> int:
        """Returns the cap for the next batch when so many rows are ready: now and then another size, to learn."""
        curve = self._curve(key)
        if self._fixed is not None:
            return min(self._fixed, curve.ceiling)
        knee = curve.knee()
        if ready <= knee:
            return knee
        curve.contended += 1
        return _trial(curve, knee, ready) or knee

    def measured(self, key: BatchKey, rows: int, seconds: float) -> None:
        """Learns that a batch of so many rows took so long."""
        curve = self._curve(key)
        if curve.warm and rows & (rows - 1) == 0:
            curve.seconds.setdefault(rows, deque(maxlen=7)).append(seconds)
        curve.warm = True

    def out_of_memory(self, key: BatchKey, rows: int) -> None:
        """Learns that so many rows do not fit: from now on at most half as many, rounded down to a power of two."""
        self._curve(key).ceiling = 1 << (max(1, rows // 2).bit_length() - 1)

    def _curve(self, key: BatchKey) -> _Curve:
        if key not in self._curves:
            self._curves[key] = _Curve()
            if len(self._curves) > self._most_keys:
                self._curves.popitem(last=False)
        return self._curves[key]


def _trial(curve: _Curve, knee: int, ready: int) -> int | None:
    """Returns another size that is to be measured now."""
    most = min(curve.ceiling, ready)
    untried = [rows for rows in curve.untried() if 1 <= rows <= most]
    neighbours = [rows for rows in (knee // 2, knee * 2) if 1 <= rows <= most]
    every, choice = (_TRY_EVERY, untried) if untried else (_RETRY_EVERY, neighbours)
    if not choice or curve.contended % every:
        return None
    return choice[curve.contended // every % len(choice)]
