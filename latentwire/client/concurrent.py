"""Calls on gRPC's asyncio channel: repeated where that is safe, with domain errors in place of status codes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from itertools import count
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from latentwire.client import operations
from latentwire.client.blocking import LAST_WORD_S
from latentwire.client.calls import Method, Stream, Unary, pause_s
from latentwire.client.channel import Target
from latentwire.client.course import Course
from latentwire.client.events import AnyEvent
from latentwire.client.readiness import Readiness
from latentwire.client.retrying import Deadline
from latentwire.errors import Cancelled, LatentwireError
from latentwire.status import from_rpc_error

T = TypeVar("T")


class ConcurrentCalls:
    """One channel and its calls, in one event loop: that of the first call."""

    def __init__(self, target: Target, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._target, self._sleep, self._closed = target, sleep, False
        self._credentials = target.tls.credentials() if target.tls else None
        self._made: grpc.aio.Channel | None = None

    async def close(self) -> None:
        """Ends every call and the connection."""
        self._closed = True
        if self._made is not None:
            await self._made.close()

    async def ask(self, call: Unary[T], timeout_s: float | None) -> T:
        """The answer of a call."""
        settings = self._target.settings
        deadline = Deadline(settings.timeout_s if timeout_s is None else timeout_s)
        for tried in count(1):
            try:
                return await self._once(call, deadline.left_s())
            except LatentwireError as error:
                if not call.safe:
                    raise
                await self._sleep(pause_s(error, tried, settings.retries, deadline))
        raise AssertionError  # for the type checker: the loop has no end

    async def stream(self, call: Stream[T], timeout_s: float | None) -> AsyncGenerator[T, None]:
        """The answers of a call; closing the iterator ends it."""
        deadline, heard = Deadline(timeout_s), False
        for tried in count(1):
            try:
                async with contextlib.aclosing(self._responses(call.method, call.request, deadline)) as responses:
                    async for response in responses:
                        heard = True
                        for answer in call.take(response):
                            yield answer
                return
            except LatentwireError as error:
                if heard:
                    raise
                await self._sleep(pause_s(error, tried, self._target.settings.retries, deadline))

    async def follow(self, course: Course, deadline: Deadline, *, owned: bool) -> AsyncGenerator[AnyEvent, None]:
        """The events of a generation to its end. One that is owned is cancelled when its iterator is left before."""
        try:
            while not course.ended:
                try:
                    async with contextlib.aclosing(self._responses(*course.call(), deadline)) as responses:
                        async for response in responses:
                            for event in course.take(response):
                                yield event
                    course.closed()
                except LatentwireError as error:
                    await self._sleep(course.failed(error))
        finally:
            if owned and not course.ended:
                await self._abandon(course.request_id)

    async def wait_ready(self, timeout_s: float | None) -> None:
        """Returns once the server takes generations."""
        readiness = Readiness(Deadline(timeout_s))
        while True:
            try:
                return await self._once(operations.health(), readiness.patience_s())
            except LatentwireError as error:
                await self._sleep(readiness.failed(error))

    @property
    def _channel(self) -> grpc.aio.Channel:
        """Made at the first call, for it belongs to the event loop that runs then. Raises Cancelled once closed."""
        if self._closed:
            raise Cancelled("the client is closed")
        if self._made is None:
            address, options = self._target.address, self._target.options
            if self._credentials is None:
                self._made = grpc.aio.insecure_channel(address, options)
            else:
                self._made = grpc.aio.secure_channel(address, self._credentials, options)
        return self._made

    async def _once(self, call: Unary[T], timeout_s: float | None) -> T:
        method = self._channel.unary_unary(call.method.path, _written, call.method.read)
        try:
            return call.answer(await method(call.request, timeout=timeout_s, metadata=self._metadata))
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None

    async def _responses(self, method: Method, request: Message, deadline: Deadline) -> AsyncGenerator[Any, None]:
        stream = self._channel.unary_stream(method.path, _written, method.read)
        call = stream(request, timeout=deadline.left_s(), metadata=self._metadata)
        try:
            async for response in call:
                yield response
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        finally:
            call.cancel()

    @property
    def _metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata(*self._target.metadata)

    async def _abandon(self, request_id: str) -> None:
        """Nobody waits for it any more; where that can't be said, it ends by itself."""
        with contextlib.suppress(LatentwireError):
            await self._once(operations.cancel(request_id, "", "its client went away"), LAST_WORD_S)


def _written(message: Message) -> bytes:
    return message.SerializeToString()
