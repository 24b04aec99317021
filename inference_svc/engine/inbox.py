"""The one way into the engine thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition
from typing import TypeAlias

from inference_svc.engine.clock import Clock

Message: TypeAlias = Callable[[], None]


class Inbox:
    """Messages to the engine thread, each a call that it makes between two evaluations.

    What brings work in is bounded before it is posted (see Ledger); the rest is a few messages a request.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = Condition()
        self._messages: deque[Message] = deque()
        self._closed = False

    def post(self, message: Message) -> bool:
        """Leaves a message and wakes the engine. Returns False, and drops it, once the inbox is closed."""
        with self._changed:
            if not self._closed:
                self._messages.append(message)
                self._changed.notify()
            return not self._closed

    def take(self) -> list[Message]:
        """Returns what there is, at once."""
        with self._changed:
            return self._emptied()

    def wait(self, until: float | None) -> list[Message]:
        """Sleeps until there is a message or the moment has come; None: however long it takes."""
        with self._changed:
            while not self._messages and (until is None or self._clock.now() < until):
                self._clock.wait(self._changed, until)
            return self._emptied()

    def close(self) -> list[Message]:
        """Takes no more, and returns what is left."""
        with self._changed:
            self._closed = True
            return self._emptied()

    def _emptied(self) -> list[Message]:
        messages = list(self._messages)
        self._messages.clear()
        return messages
