"""Counters of the whole engine, for whoever exports them."""

from __future__ import annotations

from typing import Protocol

from inference_svc.engine.events import Outcome, RequestStats
from inference_svc.work import BatchKey


class EngineMetrics(Protocol):
    """Told on the engine thread; must be quick."""

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """A batch was computed."""
        ...

    def request_ended(self, outcome: Outcome, stats: RequestStats) -> None:
        """A request ended."""
        ...


class NoMetrics:
    """Counts nothing."""

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """Does nothing."""

    def request_ended(self, outcome: Outcome, stats: RequestStats) -> None:
        """Does nothing."""
