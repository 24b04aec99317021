"""What would hold up the event loop is done on a few threads beside it, and only so much of it may wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, TypeVar

from latentwire.errors import QueueFull

T = TypeVar("T")
MOST_ELEMENTS: Final = 2**27
"""Of all calls together: about ten seconds of two threads' work, or 2048 runs to prepare at 1024x1024."""
_LARGEST: Final = 2**26
"""A call's own: that of the largest run with latents to start from. What asks for more is refused when it is read."""
_SMALLEST: Final = 2**16
_RETRY_S: Final = 1.0
_SHORTEST_RETRY_S: Final = 0.1
_LONGEST_RETRY_S: Final = 60.0
_REMEMBERED: Final = 0.8


class Aside:
    """Threads for what calls send, shared by all of them. Lives on the event loop's thread alone."""

    def __init__(self, executor: Executor, most_elements: int = MOST_ELEMENTS) -> None:
        self._executor, self._most = executor, most_elements
        self._elements = self._count = 0
        self._mean_s: float | None = None

    async def call(self, elements: int, function: Callable[[], T]) -> T:
        """Calls a function that takes as long as so many elements of a tensor need.

        Raises QueueFull where too many wait already; one that is alone is always taken.
        """
        weight = max(_SMALLEST, min(elements, _LARGEST))
        self._check_room(weight)
        self._elements, self._count = self._elements + weight, self._count + 1
        try:
            result, took_s = await asyncio.get_running_loop().run_in_executor(self._executor, _timed, function)
        finally:
            self._elements, self._count = self._elements - weight, self._count - 1
        self._learn(took_s)
        return result

    def _check_room(self, weight: int) -> None:
        if self._count and self._elements + weight > self._most:
            said = f"{self._count} calls wait to be read or prepared, as many as may"
            raise QueueFull(f"{said}; try again later", retry_after_s=self._retry_s())

    def _retry_s(self) -> float:
        """How long one of them takes: then there is room."""
        mean_s = _RETRY_S if self._mean_s is None else self._mean_s
        return min(max(mean_s, _SHORTEST_RETRY_S), _LONGEST_RETRY_S)

    def _learn(self, took_s: float) -> None:
        old_s = took_s if self._mean_s is None else self._mean_s
        self._mean_s = _REMEMBERED * old_s + (1 - _REMEMBERED) * took_s


def _timed(function: Callable[[], T]) -> tuple[T, float]:
    begun = time.monotonic()
    return function(), time.monotonic() - begun
