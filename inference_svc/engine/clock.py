"""Where the engine gets the time from: injected, so that tests own it."""

from __future__ import annotations

import time
from threading import Condition
from typing import Protocol


class Clock(Protocol):
    """Seconds that only grow, and a way to sleep until a moment of them."""

    def now(self) -> float:
        """Returns the present moment in seconds."""
        ...

    def wait(self, condition: Condition, until: float | None) -> None:
        """Sleeps on a condition that the caller holds, until it is notified or the moment has come; None: no moment."""
        ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Returns the present moment in seconds."""
        return time.monotonic()

    def wait(self, condition: Condition, until: float | None) -> None:
        """Sleeps on a condition that the caller holds, until it is notified or the moment has come."""
        condition.wait(None if until is None else max(0.0, until - self.now()))
