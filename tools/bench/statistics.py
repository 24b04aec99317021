"""Percentiles and rates of a run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
_ROUNDS = 10


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; share in 0..1. NaN for no values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    rank = math.ceil(round(share * len(ordered), 6))
    return ordered[max(1, rank) - 1]


def quiet(values: Sequence[float]) -> float:
    """The median of the quietest of ten rounds; of fewer than ten values the least."""
    size = max(1, len(values) // _ROUNDS)
    starts = range(0, len(values) - size + 1, size)
    return min(percentile(values[start : start + size], 0.5) for start in starts)


def latencies(samples: Sequence[Row], steps: int | None = None) -> list[float]:
    return [row["latency_s"] for row in samples if steps is None or row["steps"] == steps]


def rate(samples: Sequence[Row]) -> float:
    """Pictures per second from the first job sent to the last one back."""
    start = min(row["sent_s"] for row in samples)
    end = max(row["sent_s"] + row["latency_s"] for row in samples)
    return float(len(samples) / (end - start))


def p50_p95(samples: Sequence[Row], steps: int | None = None) -> str:
    values = latencies(samples, steps)
    return f"{percentile(values, 0.5):.2f} / {percentile(values, 0.95):.2f}"


median = statistics.median
