"""Counts what the engine tells, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from inference_svc.engine import Outcome, RequestStats
from inference_svc.work import BatchKey


class EngineCounters:
    """The engine's counters by kind of work and by outcome. Called on the engine thread; prometheus_client locks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter("latentwire_rows", "Rows computed.", ("kind",), registry=registry)
        self._batches = Counter("latentwire_batches", "Batches computed.", ("kind",), registry=registry)
        self._seconds = Counter("latentwire_device_seconds", "Device time.", ("kind",), registry=registry)
        self._ended = Counter("latentwire_requests_ended", "Generations ended.", ("outcome",), registry=registry)
        self._queue = Histogram("latentwire_queue_seconds", "Time until the first device work.", registry=registry)

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """A batch was computed."""
        kind = key.kind.name.lower()
        self._rows.labels(kind).inc(rows)
        self._batches.labels(kind).inc()
        self._seconds.labels(kind).inc(seconds)

    def request_ended(self, outcome: Outcome, stats: RequestStats) -> None:
        """A request ended."""
        self._ended.labels(outcome.value).inc()
        self._queue.observe(stats.queue_s)
