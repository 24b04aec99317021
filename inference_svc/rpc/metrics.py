"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class RpcMetrics:
    """Calls and their times, by method and code. Holds its own registry: two servers in a process don't mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "latentwire_rpc_calls", "Calls that have ended.", ("method", "code"), registry=self.registry
        )
        self._seconds = Histogram(
            "latentwire_rpc_seconds", "How long calls took.", ("method",), registry=self.registry, buckets=_BUCKETS
        )

    def note(self, method: str, code: str, duration_s: float) -> None:
        """Counts a call that has ended."""
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(duration_s)


class EngineCollector(Collector):
    """Asks the engine when Prometheus asks. `counts` returns how many generations wait and how many run."""

    def __init__(self, counts: Callable[[], tuple[int, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Yields both."""
        waiting, running = self._counts()
        yield GaugeMetricFamily("latentwire_requests_waiting", "Generations that wait.", waiting)
        yield GaugeMetricFamily("latentwire_requests_running", "Generations that run.", running)
