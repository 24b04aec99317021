"""The engine's counters."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from inference_svc.engine import Outcome
from inference_svc.work import BatchKey
from tests.unit.inference_svc.engine.toys import KEY, FakeClock, Recorder, ToyRunner, request, running, walk


class Counters:
    """Remembers what it was told; `broken` raises after that."""

    def __init__(self, *, broken: bool = False) -> None:
        self.told: list[tuple[Any, ...]] = []
        self._broken = broken

    def batch_ran(self, key: BatchKey, *, rows: int, requests: int, seconds: float) -> None:
        """A batch."""
        self._tell(key, rows, requests, seconds)

    def request_ended(self, outcome: Outcome, stats: Any) -> None:
        """An end."""
        self._tell(outcome, stats.evaluations)

    def _tell(self, *what: Any) -> None:
        self.told.append(what)
        if self._broken:
            raise ValueError("planned")


@pytest.mark.parametrize("broken", [False, True])
def test_every_batch_and_every_end_is_counted_even_by_counters_that_raise(
    broken: bool, caplog: pytest.LogCaptureFixture
) -> None:
    clock, counters, listener = FakeClock(), Counters(broken=broken), Recorder()
    with caplog.at_level(logging.ERROR), running(ToyRunner(clock=clock), clock=clock, metrics=counters) as engine:
        engine.submit(request("a", walk(1, rows=3), listener=listener))
        assert listener.wait().outcome is Outcome.SUCCEEDED
    assert counters.told == [(KEY, 3, 1, 1.0), (Outcome.SUCCEEDED, 3)]
    assert ("metrics failed" in caplog.text) is broken


def test_an_end_is_counted_before_it_is_told() -> None:
    counters, listener = Counters(), Recorder()
    counted: list[int] = []

    def listen(event: Any) -> None:
        counted.append(len(counters.told))
        listener(event)

    with running(ToyRunner(), metrics=counters) as engine:
        engine.submit(request("a", listener=listen))
        listener.wait()
    assert counted[-1] == len(counters.told) == 2
