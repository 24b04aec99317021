"""What an evaluation costs, from measured times: the ground of every ETA."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from inference_svc.work import BatchKey, Kind

_Like = tuple[Kind, str, tuple[int, ...]]


@dataclass(slots=True)
class _Pace:
    recent_s: float
    best_s: float


class Costs:
    """Seconds per row by kind, model and shape; a context's length is not known before its prompt is read.

    The first batch of its like is not counted: it pays for allocation, and a deadline refused for that would be refused
    in vain. Written by the engine thread, read by any: a pace is replaced as a whole.
    """

    def __init__(self, *, weight: float = 0.1, most_keys: int = 256) -> None:
        self._weight = weight
        self._most_keys = most_keys
        self._paces: OrderedDict[_Like, _Pace | None] = OrderedDict()

    def measured(self, key: BatchKey, rows: int, seconds: float) -> None:
        """Learns that a batch of so many rows took so long."""
        like, each = _like(key), seconds / rows
        if like not in self._paces:
            self._paces[like] = None
        else:
            old = self._paces[like] or _Pace(each, each)
            self._paces[like] = _Pace(old.recent_s + self._weight * (each - old.recent_s), min(old.best_s, each))
        if len(self._paces) > self._most_keys:
            self._paces.popitem(last=False)

    def recent_s(self, key: BatchKey | None) -> float | None:
        """Returns seconds per row as of late, in batches as they were. None: never measured."""
        pace = self._pace(key)
        return None if pace is None else pace.recent_s

    def best_s(self, key: BatchKey | None) -> float | None:
        """Returns seconds per row at the best. None: never measured."""
        pace = self._pace(key)
        return None if pace is None else pace.best_s

    def _pace(self, key: BatchKey | None) -> _Pace | None:
        return None if key is None else self._paces.get(_like(key))


def _like(key: BatchKey) -> _Like:
    return key.kind, key.model, key.shape
