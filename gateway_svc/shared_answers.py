"""Answers that many callers share for a moment, so that a crowd of pollers costs the inference service one question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")
_MOST_KEPT: Final = 64


class SharedAnswers:
    """Answers by key, each asked for once by all who want it at the same time, and kept for `for_s`."""

    def __init__(self, for_s: float = 0.05, clock: Callable[[], float] = time.monotonic) -> None:
        self._for_s, self._clock = for_s, clock
        self._kept: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer, at most `for_s` old, counted from when it was asked for. Raises what `ask` raises."""
        began_s, task = self._kept.get(key, (0.0, None))
        if task is None or self._clock() - began_s > self._for_s or _failed(task):
            self._forget_old()
            task = asyncio.ensure_future(_awaited(ask))
            # Looked at even where everybody has gone, or asyncio would complain of an error that nobody saw.
            task.add_done_callback(_failed)
            self._kept[key] = (self._clock(), task)
        # Shielded: one caller that goes away takes nothing from the others.
        answer: T = await asyncio.shield(task)
        return answer

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def forget(self) -> None:
        """The next `get` of every key asks: something has begun or ended."""
        self._kept.clear()

    def _forget_old(self) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept = {key: kept for key, kept in self._kept.items() if self._clock() - kept[0] <= self._for_s}


async def _awaited(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
