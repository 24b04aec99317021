"""Answers as they go out: one body of JSON, or a stream for as long as its client is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Final, TypeVar

from google.protobuf.message import Message
from starlette.responses import Response
from starlette.types import Send

from gateway_svc.transcoding.calls import StreamCall, UnaryCall
from gateway_svc.transcoding.errors import Failure
from gateway_svc.transcoding.framing import Framing
from gateway_svc.transcoding.json_text import status_json, text
from gateway_svc.transcoding.metadata import TRAILER_PREFIX, headers_of

T = TypeVar("T")
_LARGE_BYTES: Final = 256 * 1024
_STREAM_HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def failed(failure: Failure) -> Response:
    """The status as JSON."""
    body = text(status_json(failure.status))
    return Response(body, failure.http_status, failure.headers, media_type="application/json")


async def one(call: UnaryCall, write: Callable[[Message], bytes]) -> Response:
    """The answer of a unary call, its metadata as headers. Raises AioRpcError."""
    message: Message = await call
    response = Response(await off_loop(message.ByteSize(), write, message), media_type="application/json")
    for name, value in headers_of(await call.initial_metadata()):
        response.headers.append(name, value)
    for name, value in headers_of(await call.trailing_metadata(), TRAILER_PREFIX):
        response.headers.append(name, value)
    return response


class Stream:
    """Sends a stream of messages. `started` says whether the head of the answer has gone out."""

    def __init__(self, call: StreamCall, framing: Framing, send: Send) -> None:
        self._call, self._framing, self._send = call, framing, send
        self.started = False

    async def run(self, pause_s: float) -> None:
        """Relays to the end. Raises AioRpcError; `started` says what can still be told of it."""
        every_s = pause_s if self._framing.pause else None
        async with aclosing(paced(self._call, every_s)) as messages:
            async for message in messages:
                await self._begin(known=message is not None)
                if message is None:
                    await self._body(self._framing.pause)
                else:
                    await self._body(await off_loop(message.ByteSize(), self._framing.message, message))

    async def end(self, failure: Failure | None = None) -> None:
        """The last of it, after `run`; a stream of no messages is an empty body."""
        await self._begin(known=failure is None)
        await self._send({"type": "http.response.body", "body": self._framing.failure(failure) if failure else b""})

    async def _begin(self, *, known: bool) -> None:
        """Sends the head, once. `known`: the call's metadata have come, so that waiting for them takes no time."""
        if self.started:
            return
        self.started = True
        response = Response(headers=_STREAM_HEADERS, media_type=self._framing.media_type)
        del response.headers["content-length"]
        for name, value in headers_of(await self._call.initial_metadata() if known else ()):
            response.headers.append(name, value)
        await self._send({"type": "http.response.start", "status": 200, "headers": response.raw_headers})
        await self._body(self._framing.opening)

    async def _body(self, data: bytes) -> None:
        if data:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})


async def paced(messages: StreamCall, every_s: float | None) -> AsyncGenerator[Message | None, None]:
    """The messages, and None whenever none has come for `every_s`."""
    iterator, end = aiter(messages), object()
    while True:
        coming: asyncio.Future[Any] = asyncio.ensure_future(_next(iterator, end))
        try:
            while not (await asyncio.wait({coming}, timeout=every_s))[0]:
                yield None
            if (message := coming.result()) is end:
                return
        finally:
            coming.cancel()
        yield message


async def _next(iterator: AsyncIterator[T], end: T) -> T:
    return await anext(iterator, end)


async def off_loop(size: int, function: Callable[..., T], *arguments: object) -> T:
    """A function's result, computed in a thread where `size` bytes would hold everybody up."""
    if size < _LARGE_BYTES:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)
