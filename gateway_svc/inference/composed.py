"""Calls that are made of several: to their caller they look as one call of grpc.aio does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import aclosing
from typing import Any, cast

from grpc import StatusCode, aio

from gateway_svc.inference.asked import Asked


class Head:
    """The initial metadata of whoever answers, known once they have answered."""

    def __init__(self) -> None:
        self._metadata: asyncio.Future[aio.Metadata] = asyncio.get_running_loop().create_future()

    def set(self, metadata: aio.Metadata | None) -> None:
        """Takes the first metadata there is."""
        if not self._metadata.done():
            self._metadata.set_result(metadata if metadata is not None else aio.Metadata())

    async def get(self) -> aio.Metadata:
        """The metadata, once it is there."""
        return await asyncio.shield(self._metadata)


class Composed(aio.Call):
    """A task that makes calls, with the face of a call."""

    def __init__(self, asked: Asked, work: Callable[[Head], Coroutine[Any, Any, Any]]) -> None:
        self._asked, self._head = asked, Head()
        self._task = asyncio.ensure_future(work(self._head))
        self._task.add_done_callback(self._ended)

    def cancel(self) -> bool:
        """Ends it; False where it has ended."""
        return self._task.cancel()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._task.cancelled()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    def time_remaining(self) -> float | None:
        """Seconds until its deadline; None without one."""
        return self._asked.left_s

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Calls back when it has ended."""
        self._task.add_done_callback(lambda _: callback(self))

    async def wait_for_connection(self) -> None:
        """Returns once somebody has answered. Raises AioRpcError when nobody does."""
        await self._head.get()
        if (error := self._error()) is not None:
            raise error

    async def initial_metadata(self) -> aio.Metadata:
        """That of the replica which answers."""
        return await self._head.get()

    async def trailing_metadata(self) -> aio.Metadata:
        """That of the end; empty after a good one."""
        await asyncio.wait([self._task])
        error = self._error()
        return (error.trailing_metadata() if error else None) or aio.Metadata()

    async def code(self) -> StatusCode:
        """How it ended."""
        await asyncio.wait([self._task])
        error = self._error()
        return error.code() if error else StatusCode.CANCELLED if self.cancelled() else StatusCode.OK

    async def details(self) -> str:
        """How it ended, in words."""
        await asyncio.wait([self._task])
        error = self._error()
        return (error.details() if error else None) or ""

    def _error(self) -> aio.AioRpcError | None:
        if not self._task.done() or self._task.cancelled():
            return None
        return cast("aio.AioRpcError | None", self._task.exception())

    def _ended(self, _: asyncio.Future[Any]) -> None:
        error = self._error()
        self._head.set(error.initial_metadata() if error else None)


class ComposedAnswer(Composed, aio.UnaryUnaryCall[Any, Any]):
    """One answer, made of several. The work sets the head and returns the answer, or raises AioRpcError."""

    def __await__(self) -> Generator[Any, None, Any]:
        """The answer. Raises AioRpcError."""
        try:
            return (yield from self._task.__await__())
        except asyncio.CancelledError:
            self._task.cancel()
            raise


class ComposedStream(Composed, aio.UnaryStreamCall[Any, Any]):
    """Many answers, made of several streams. At most one waits for its reader."""

    def __init__(self, asked: Asked, source: Callable[[Head], AsyncIterator[Any]]) -> None:
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(1)
        super().__init__(asked, lambda head: self._pumped(source(head)))

    async def read(self) -> Any:
        """The next answer, or EOF. Raises AioRpcError."""
        return await anext(aiter(self), aio.EOF)

    async def __aiter__(self) -> AsyncIterator[Any]:
        """The answers. Raises AioRpcError."""
        while (answer := await self._next()) is not aio.EOF:
            yield answer

    async def _next(self) -> Any:
        if not self._waiting.empty():
            return self._waiting.get_nowait()
        getting = asyncio.ensure_future(self._waiting.get())
        try:
            await asyncio.wait([getting, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            getting.cancel()
        if getting.done() and not getting.cancelled():
            return getting.result()
        # Ended; what raised here is how.
        if not self._waiting.empty():
            return self._waiting.get_nowait()
        self._task.result()
        return aio.EOF

    async def _pumped(self, source: AsyncIterator[Any]) -> None:
        async with aclosing(cast("Any", source)):
            async for answer in source:
                await self._waiting.put(answer)
