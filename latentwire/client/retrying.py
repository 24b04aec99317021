"""Which failures are worth another try, and when; how much time is left."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from latentwire.errors import DeadlineUnreachable, LatentwireError, QueueFull, Unavailable

LOST = "CONNECTION_LOST"
"""The reason of an error that came without a word from the server."""


@dataclass(frozen=True, slots=True)
class Retries:
    """What is safe to repeat is tried `attempts` times in all (1: once). Pauses in seconds, doubled from try to try.

    Repeated are calls that change nothing, and what a server refused, only when UNAVAILABLE; with `overload` also what
    was refused for a full queue or a deadline out of reach and told when to come back. Never what ran out of memory.
    """

    attempts: int = 4
    overload: bool = False
    first_pause_s: float = 0.2
    longest_pause_s: float = 5.0

    def pause_s(self, error: LatentwireError, tried: int) -> float | None:
        """Seconds to wait after the try of that number, from 1; None where no other try is due."""
        if tried >= self.attempts or not self._is_worth_it(error):
            return None
        backoff = min(self.first_pause_s * float(2 ** (tried - 1)), self.longest_pause_s)
        return max(backoff, error.retry_after_s or 0.0) * random.uniform(1.0, 1.2)

    def _is_worth_it(self, error: LatentwireError) -> bool:
        if isinstance(error, QueueFull | DeadlineUnreachable):
            return self.overload and error.retry_after_s is not None
        return isinstance(error, Unavailable)


class Deadline:
    """A moment by which all is to be done; None: whenever."""

    def __init__(self, timeout_s: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = None if timeout_s is None else clock() + timeout_s

    def left_s(self) -> float | None:
        """Seconds left, 0 or more; None: as many as it takes."""
        return None if self._at is None else max(0.0, self._at - self._clock())

    def allows(self, pause_s: float) -> bool:
        """Whether there is time after a pause."""
        left_s = self.left_s()
        return left_s is None or pause_s < left_s
