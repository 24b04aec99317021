"""Where work runs that is neither model nor sampler: beside the engine thread, and back through the inbox."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from inference_svc.engine.inbox import Inbox
from inference_svc.work import Compute


class ComputePool:
    """A few threads for pure functions."""

    def __init__(self, threads: int, inbox: Inbox) -> None:
        self._inbox = inbox
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="engine-compute")

    def submit(self, ask: Compute, deliver: Callable[[Future[Any]], None]) -> Future[Any]:
        """Queues the work; `deliver` is called on the engine thread when it is done, well or not, or given up."""
        future = self._executor.submit(ask.function, *ask.arguments)
        future.add_done_callback(lambda done: self._post(partial(deliver, done)))
        return future

    def close(self) -> None:
        """Drops what has not begun and waits for the rest."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _post(self, message: Callable[[], None]) -> None:
        self._inbox.post(message)
