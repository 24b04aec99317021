"""A server on a thread of its own, for callers that wait on this one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from inference_svc.rpc.backend import Backend
from tests.contract.serving import PATIENCE_S, Serving, serving


@contextmanager
def served_on_a_thread(make_backend: Callable[[], Backend]) -> Iterator[Serving]:
    """Serves a backend until the end of the block."""
    started: Future[tuple[Serving, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(make_backend, started)), name="server")
    thread.start()
    running, loop, over = started.result(PATIENCE_S)
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_S)


async def _serve(
    make_backend: Callable[[], Backend], started: Future[tuple[Serving, asyncio.AbstractEventLoop, asyncio.Event]]
) -> None:
    over = asyncio.Event()
    try:
        async with serving(make_backend()) as running:
            started.set_result((running, asyncio.get_running_loop(), over))
            await over.wait()
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise
