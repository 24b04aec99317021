"""Counters of the whole engine, for whoever exports them."""

from __future__ import annotations

import logging
from typing import Protocol

from inference_svc.engine.events import Outcome, RequestStats
from inference_svc.work import BatchKey

log = logging.getLogger(__name__)


class EngineMetrics(Protocol):
    """Told on the engine thread; must be quick."""

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """A batch was computed."""
        ...

    def request_ended(self, outcome: Outcome, stats: RequestStats) -> None:
        """A request ended."""
        ...


class SafeMetrics:
    """Hands on to other counters; what they raise is logged, since whoever counts must not stop the engine."""

    def __init__(self, inner: EngineMetrics) -> None:
        self._inner = inner

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """Hands on."""
        try:
            self._inner.batch_ran(key, rows=rows, requests=requests, seconds=seconds)
        except Exception:
            log.exception("metrics failed")

    def request_ended(self, outcome: Outcome, stats: RequestStats) -> None:
        """Hands on."""
        try:
            self._inner.request_ended(outcome, stats)
        except Exception:
            log.exception("metrics failed")


class NoMetrics:
    """Counts nothing."""

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """Does nothing."""

    def request_ended(self, outcome: Outcome, stats: RequestStats) -> None:
        """Does nothing."""
