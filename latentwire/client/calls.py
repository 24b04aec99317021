"""Calls as data: which RPC, with what, and what its answers are for the caller. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2

from latentwire.client.retrying import Deadline, Retries
from latentwire.errors import LatentwireError
from latentwire.v1 import denoising_service_pb2, generation_service_pb2, model_service_pb2, postprocessing_service_pb2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC: its path and how its messages are read."""

    path: str
    read: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Unary(Generic[T]):
    """A call with one answer. `safe`: it may be repeated."""

    method: Method
    request: Message
    answer: Callable[[Any], T]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """A call with many answers; each of them is none, one or more for the caller. Repeated before the first alone."""

    method: Method
    request: Message
    take: Callable[[Any], Iterable[T]]


def pause_s(error: LatentwireError, tried: int, retries: Retries, deadline: Deadline) -> float:
    """Seconds until the next try. Raises the error where there is none."""
    pause = retries.pause_s(error, tried)
    if pause is None or not deadline.allows(pause):
        raise error
    return pause


def _methods(file: FileDescriptor) -> dict[str, Method]:
    return {method.name: _method(method) for service in file.services_by_name.values() for method in service.methods}


def _method(method: MethodDescriptor) -> Method:
    path = f"/{method.containing_service.full_name}/{method.name}"
    return Method(path, GetMessageClass(method.output_type).FromString)


GENERATION = _methods(generation_service_pb2.DESCRIPTOR)
DENOISING = _methods(denoising_service_pb2.DESCRIPTOR)
MODEL = _methods(model_service_pb2.DESCRIPTOR)
POSTPROCESSING = _methods(postprocessing_service_pb2.DESCRIPTOR)
HEALTH = _methods(health_pb2.DESCRIPTOR)
