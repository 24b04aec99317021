"""One reader of a generation's events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable

from inference_svc.rpc.generation.journal import Entry
from latentwire.errors import LatentwireError

_MOST_LOSSY = 32


class Subscription:
    """Events waiting for one reader. A slow one loses progress and previews, never a resume point or anything else.

    `on_taken` is called whenever the reader has come back for the next event.
    """

    def __init__(self, backlog: Iterable[Entry], on_taken: Callable[[], None]) -> None:
        self._queue = deque(backlog)
        self._in_hand: Entry | None = None
        self._on_taken = on_taken
        self._changed = asyncio.Event()
        self._ended = False
        self._error: LatentwireError | None = None

    @property
    def unsent(self) -> int:
        """Pictures and resume points that the reader has not got whole."""
        waiting = [self._in_hand, *self._queue] if self._in_hand else self._queue
        return sum(entry.ends_picture or entry.has_state for entry in waiting)

    @property
    def taken(self) -> int:
        """Sequence before the oldest event that is not sent yet; large when there is none."""
        oldest = self._in_hand or (self._queue[0] if self._queue else None)
        return oldest.sequence - 1 if oldest else 2**62

    def push(self, entry: Entry) -> None:
        """Adds an event, in place of the oldest one that may be lost when too many of these wait."""
        if entry.lossy and sum(waiting.lossy for waiting in self._queue) >= _MOST_LOSSY:
            self._queue.remove(next(waiting for waiting in self._queue if waiting.lossy))
        self._queue.append(entry)
        self._changed.set()

    def end(self, error: LatentwireError | None, *, discard: bool = False) -> None:
        """Says that nothing more comes; the reader gets what waits, unless it is to be discarded, then the error."""
        if discard:
            self._queue.clear()
        self._ended, self._error = True, error
        self._changed.set()

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Yields events as they come. Raises the error that the generation ended with."""
        while await self._more():
            self._in_hand = self._queue.popleft()
            yield self._in_hand
            self._in_hand = None
            self._on_taken()
        if self._error:
            raise self._error

    async def _more(self) -> bool:
        while not self._queue and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        return bool(self._queue)
