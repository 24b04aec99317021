"""From the engine's thread to the event loop's."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from inference_svc.engine import EngineEvent, Started


class Crossing:
    """A listener that hands a request's events, in their order, to `take` on the running loop's thread.

    The two threads share one interpreter, so each wake of the loop delays a batch that is just being computed. Work
    that begins within `quiet_s` of now, and may be done in a millisecond, does not wake it for `Started` alone: that
    crosses with the next event, at the latest after twice that time.
    """

    def __init__(
        self,
        take: Callable[[EngineEvent], None],
        *,
        quiet_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._take, self._clock = take, clock
        self._loop = asyncio.get_running_loop()
        self._events: deque[EngineEvent] = deque()
        self._quiet_until = clock() + quiet_s
        self._at_last = self._loop.call_later(2 * quiet_s, self._hand_over) if quiet_s else None

    def __call__(self, event: EngineEvent) -> None:
        """Called on the engine's thread."""
        self._events.append(event)  # first: what is left quietly is there when the time is over
        if not isinstance(event, Started) or self._clock() >= self._quiet_until:
            self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        if self._at_last is not None and self._events:  # the first event is Started, after which none is quiet
            self._at_last.cancel()
            self._at_last = None
        while self._events:
            self._take(self._events.popleft())
