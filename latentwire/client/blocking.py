"""Calls on gRPC's synchronous channel: repeated where that is safe, with domain errors in place of status codes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from itertools import count
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from latentwire.client import operations
from latentwire.client.calls import Method, Stream, Unary, pause_s
from latentwire.client.channel import Target
from latentwire.client.course import Course
from latentwire.client.events import AnyEvent
from latentwire.client.readiness import Readiness
from latentwire.client.retrying import Deadline
from latentwire.errors import Cancelled, LatentwireError
from latentwire.status import from_rpc_error

T = TypeVar("T")
LAST_WORD_S = 5.0
"""How long a client that leaves tries to cancel what it leaves behind."""


class BlockingCalls:
    """One channel and its calls. May be used from any number of threads."""

    def __init__(self, target: Target, sleep: Callable[[float], None]) -> None:
        self._target, self._sleep, self._closed = target, sleep, False
        if target.tls is None:
            self._channel = grpc.insecure_channel(target.address, target.options)
        else:
            self._channel = grpc.secure_channel(target.address, target.tls.credentials(), target.options)

    def close(self) -> None:
        """Ends every call and the connection."""
        self._closed = True
        self._channel.close()

    def ask(self, call: Unary[T], timeout_s: float | None) -> T:
        """The answer of a call."""
        settings = self._target.settings
        deadline = Deadline(settings.timeout_s if timeout_s is None else timeout_s)
        for tried in count(1):
            try:
                return self._once(call, deadline.left_s())
            except LatentwireError as error:
                if not call.safe:
                    raise
                self._sleep(pause_s(error, tried, settings.retries, deadline))
        raise AssertionError  # for the type checker: the loop has no end

    def stream(self, call: Stream[T], timeout_s: float | None) -> Generator[T, None, None]:
        """The answers of a call; closing the iterator ends it."""
        deadline, heard = Deadline(timeout_s), False
        for tried in count(1):
            try:
                with contextlib.closing(self._responses(call.method, call.request, deadline)) as responses:
                    for response in responses:
                        heard = True
                        yield from call.take(response)
                return
            except LatentwireError as error:
                if heard:
                    raise
                self._sleep(pause_s(error, tried, self._target.settings.retries, deadline))

    def follow(self, course: Course, deadline: Deadline, *, owned: bool) -> Generator[AnyEvent, None, None]:
        """The events of a generation to its end. One that is owned is cancelled when its iterator is left before."""
        try:
            while not course.ended:
                try:
                    with contextlib.closing(self._responses(*course.call(), deadline)) as responses:
                        for response in responses:
                            yield from course.take(response)
                    course.closed()
                except LatentwireError as error:
                    self._sleep(course.failed(error))
        finally:
            if owned and not course.ended:
                self._abandon(course.request_id)

    def wait_ready(self, timeout_s: float | None) -> None:
        """Returns once the server takes generations."""
        readiness = Readiness(Deadline(timeout_s))
        while True:
            try:
                return self._once(operations.health(), readiness.patience_s())
            except LatentwireError as error:
                self._sleep(readiness.failed(error))

    def _once(self, call: Unary[T], timeout_s: float | None) -> T:
        self._require_open()
        method = self._channel.unary_unary(call.method.path, _written, call.method.read)
        try:
            return call.answer(method(call.request, timeout=timeout_s, metadata=self._target.metadata))
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None

    def _responses(self, method: Method, request: Message, deadline: Deadline) -> Generator[Any, None, None]:
        self._require_open()
        stream = self._channel.unary_stream(method.path, _written, method.read)
        call = stream(request, timeout=deadline.left_s(), metadata=self._target.metadata)
        try:
            yield from call
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        finally:
            call.cancel()

    def _require_open(self) -> None:
        if self._closed:
            raise Cancelled("the client is closed")

    def _abandon(self, request_id: str) -> None:
        """Nobody waits for it any more; where that can't be said, it ends by itself."""
        with contextlib.suppress(LatentwireError):
            self._once(operations.cancel(request_id, "", "its client went away"), LAST_WORD_S)


def _written(message: Message) -> bytes:
    return message.SerializeToString()
