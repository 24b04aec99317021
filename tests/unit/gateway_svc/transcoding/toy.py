"""A service made of descriptors alone, a channel that answers by script, and an application around both."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import grpc
import httpx2
from google.api import annotations_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2
from grpc_status import rpc_status
from grpc_tools import protoc
from starlette.applications import Starlette

from gateway_svc.transcoding.options import Options
from gateway_svc.transcoding.route import Transcoder

FOLDER = Path(__file__).parent
_GOOGLE = FOLDER.parents[3] / "third_party" / "googleapis"
BESIDE = (annotations_pb2, any_pb2, duration_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)
"""Imported so that the pool has what library.proto builds on."""


@cache
def described() -> FileDescriptorProto:
    """library.proto, comments included."""
    return compiled(FOLDER / "library.proto")


def compiled(path: Path) -> FileDescriptorProto:
    """A file of the toy's language as protoc understands it."""
    includes = (path.parent, _GOOGLE, Path(str(resources.files("grpc_tools"))) / "_proto")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        flags = [*(f"-I{each}" for each in includes), "--include_source_info", f"--descriptor_set_out={out}"]
        assert protoc.main(["protoc", *flags, path.name]) == 0
        return FileDescriptorSet.FromString(out.read_bytes()).file[0]


@cache
def _added(definition: bytes) -> None:
    descriptor_pool.Default().AddSerializedFile(definition)


def service(file: FileDescriptorProto | None = None) -> ServiceDescriptor:
    """A file's one service."""
    file = file or described()
    pool = descriptor_pool.Default()
    bare = FileDescriptorProto()
    bare.CopyFrom(file)
    bare.ClearField("source_code_info")  # comments are no part of what the pool compares
    _added(bare.SerializeToString(deterministic=True))
    return pool.FindServiceByName(f"{file.package}.{file.service[0].name}")


def descriptor(name: str) -> Descriptor:
    """A message's."""
    service()
    return descriptor_pool.Default().FindMessageTypeByName(f"toy.library.v1.{name}")


def method(name: str) -> MethodDescriptor:
    """A method's."""
    return service().methods_by_name[name]


def make(kind: str, /, **fields: Any) -> Any:
    """A message."""
    return GetMessageClass(descriptor(kind))(**fields)


def failure(status: status_pb2.Status) -> grpc.aio.AioRpcError:
    """The error that a call ends with whose server told this."""
    told = rpc_status.to_status(status)
    return grpc.aio.AioRpcError(
        told.code, grpc.aio.Metadata(), grpc.aio.Metadata(*told.trailing_metadata), details=told.details
    )


class Call:
    """A call under way: its answers come from what the script returns."""

    def __init__(self, channel: Channel, answers: Any) -> None:
        self._channel, self._answers = channel, answers
        self.ended = False

    def __await__(self) -> Iterator[Any]:
        return self._one().__await__()

    async def _one(self) -> Message:
        return await anext(aiter(self))

    async def __aiter__(self) -> AsyncIterator[Message]:
        try:
            async for message in self._answers:
                yield message
        except asyncio.CancelledError:
            self._channel.cancelled.set()
            raise

    def cancel(self) -> bool:
        self.ended = True
        return True

    async def initial_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        return self._channel.initial

    async def trailing_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        return self._channel.trailing


@dataclass
class Channel:
    """What calls are made on. `answer` makes the answers to a request; `seen` is what was asked."""

    answer: Callable[[Any], AsyncIterator[Any]]
    initial: Sequence[tuple[str, str | bytes]] = ()
    trailing: Sequence[tuple[str, str | bytes]] = ()
    seen: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    metadata: dict[str, str | bytes] = field(default_factory=dict)
    timeout_s: float | None = None
    calls: list[Call] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any) -> Callable[..., Call]:
        def begin(request: Any, *, timeout: float | None, metadata: Sequence[tuple[str, str | bytes]]) -> Call:
            self.seen.append(request)
            self.paths.append(path)
            self.metadata, self.timeout_s = dict(metadata), timeout
            self.calls.append(Call(self, self.answer(request)))
            return self.calls[-1]

        return begin

    unary_stream = unary_unary

    @property
    def request(self) -> Any:
        """The newest."""
        return self.seen[-1]


async def fail(error: BaseException | None) -> AsyncIterator[Any]:
    """Answers that end before the first, with an error or without."""
    answers: list[Any] = []
    for answer in answers:
        yield answer
    if error is not None:
        raise error


async def one_book(_: Any) -> AsyncIterator[Any]:
    """The answer where no other is scripted: a book."""
    yield make("Book", title="t")


def application(channel: Channel, options: Options | None = None) -> Starlette:
    """The toy behind HTTP."""
    route = Transcoder([service()], lambda _: channel, options or Options(), prefix="/v1/")
    return Starlette(routes=[route])


def client(channel: Channel, options: Options | None = None, **transport: Any) -> httpx2.AsyncClient:
    """A client of it."""
    app = application(channel, options)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, **transport), base_url="http://toy")
