"""Both clients behind one face, so that each case is asked of both: awaited methods, and asynchronous iterators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from latentwire import AsyncClient, Client
from latentwire.client import AnyEvent, Result

_END = object()


Way: TypeAlias = Any
"""Either client: its methods are awaited, its iterators asynchronous."""


class Waiting:
    """The synchronous client, in a thread of its own at each call."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        if name in {"generate_iter", "watch", "denoise_iter"}:
            return lambda *arguments, **options: _iterated(method(*arguments, **options))
        return lambda *arguments, **options: asyncio.to_thread(method, *arguments, **options)


async def _iterated(generator: Any) -> AsyncIterator[Any]:
    try:
        while (item := await asyncio.to_thread(next, generator, _END)) is not _END:
            yield item
    finally:
        await asyncio.to_thread(generator.close)


@asynccontextmanager
async def connected(way: str, address: str, **options: Any) -> AsyncIterator[Way]:
    """A client of that way: "sync" or "async"."""
    if way == "async":
        async with AsyncClient(address, **options) as client:
            yield client
    else:
        with Client(address, **options) as waiting:
            yield Waiting(waiting)


def noting(way: str, pauses: list[float]) -> Callable[[float], Any]:
    """What a client of that way may sleep by: it takes no time, and is noted."""

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    return sleep if way == "async" else pauses.append


async def asked(client: Way, prompt: str = "a red circle", **options: Any) -> Result:
    """A small generation's result."""
    result: Result = await client.generate(prompt, **{"width": 64, "height": 64, "steps": 2, "seed": 7, **options})
    return result


def events_of(client: Way, prompt: str = "a red circle", **options: Any) -> Any:
    """A small generation's events."""
    return client.generate_iter(prompt, **{"width": 64, "height": 64, "steps": 2, "seed": 7, **options})


async def until_kind(events: Any, kind: type[AnyEvent]) -> AnyEvent:
    """Reads events up to the first of a kind."""
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"no {kind.__name__}")
