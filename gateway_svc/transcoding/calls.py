"""Calls by descriptor: no generated stub is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import Request

from gateway_svc.transcoding.metadata import Pairs


class UnaryCall(Protocol):
    """A call with one answer."""

    def __await__(self) -> Any: ...
    def cancel(self) -> bool: ...
    def initial_metadata(self) -> Awaitable[Any]: ...
    def trailing_metadata(self) -> Awaitable[Any]: ...


class StreamCall(Protocol):
    """A call with many answers."""

    def __aiter__(self) -> AsyncIterator[Any]: ...
    def cancel(self) -> bool: ...
    def initial_metadata(self) -> Awaitable[Any]: ...


class ChannelOf(Protocol):
    """The channel, as grpc.aio has them, that takes the calls of a request."""

    def __call__(self, request: Request, /) -> Any: ...


def start(channel: Any, method: MethodDescriptor, request: Message, *, timeout: float | None, metadata: Pairs) -> Any:
    """Begins a call: a UnaryCall, or a StreamCall where the method answers with a stream."""
    opened = channel.unary_stream if method.server_streaming else channel.unary_unary
    callable_ = opened(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return callable_(request, timeout=timeout, metadata=metadata)
