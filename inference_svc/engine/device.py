"""The device as the loop sees it: runs a batch, takes the time, learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference_svc.engine.batch_cap import BatchCap
from inference_svc.engine.clock import Clock
from inference_svc.engine.costs import Costs
from inference_svc.engine.metrics import EngineMetrics
from inference_svc.engine.rows import Pending
from inference_svc.engine.runner import Runner
from inference_svc.work import Array, BatchKey


@dataclass(frozen=True, slots=True)
class Ran:
    """A batch that was computed, and when."""

    results: Sequence[Array]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Device:
    """The runner with its measured limits. Used by the engine thread alone."""

    runner: Runner
    clock: Clock
    cap: BatchCap
    costs: Costs
    metrics: EngineMetrics

    def limit(self, key: BatchKey, ready: int) -> int:
        """Returns the most rows of the next batch of this key, when so many are ready."""
        own, learned = self.runner.max_rows(key), self.cap.limit(key, ready)
        return learned if own is None else min(own, learned)

    def run(self, key: BatchKey, pending: Sequence[Pending]) -> Ran:
        """Computes a batch. Raises what the runner raises, and ValueError when it returns too few or too many."""
        start = self.clock.now()
        results = self.runner.run(key, [row.row for row in pending])
        end = self.clock.now()
        if len(results) != len(pending):
            raise ValueError(f"the runner returned {len(results)} results for {len(pending)} rows")
        self._learn(key, pending, end - start)
        return Ran(results, start, end)

    def _learn(self, key: BatchKey, pending: Sequence[Pending], seconds: float) -> None:
        self.cap.measured(key, len(pending), seconds)
        self.costs.measured(key, len(pending), seconds)
        requests = len({row.picture.request_id for row in pending})
        self.metrics.batch_ran(key, rows=len(pending), requests=requests, seconds=seconds)
