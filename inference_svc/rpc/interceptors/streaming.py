"""Writes what an async generator yields, and lets go of readers that take nothing."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

from latentwire.errors import Cancelled

STALL_S = 60.0


Handler: TypeAlias = Callable[[Any, Any], Awaitable[Any]]


def as_coroutine(behaviour: Callable[[Any, Any], Any], stall_s: float = STALL_S) -> Handler:
    """Makes a handler that is an async generator one that writes; another stays as it is.

    The generator is closed when the call ends, however it ends, so that its `finally` runs at once and not when the
    garbage collector comes by. A reader that takes nothing for `stall_s` ends the call with `Cancelled`.
    """
    if not inspect.isasyncgenfunction(behaviour):
        return behaviour

    async def run(request: Any, context: Any) -> None:
        responses: AsyncGenerator[Any, None] = behaviour(request, context)
        async with aclosing(responses):
            async for response in responses:
                await _write(context, response, stall_s)

    return run


async def _write(context: Any, response: object, stall_s: float) -> None:
    try:
        async with asyncio.timeout(stall_s):
            await context.write(response)
    except TimeoutError:
        raise Cancelled(f"the reader took nothing for {stall_s:g} s", reason="READER_STALLED") from None
