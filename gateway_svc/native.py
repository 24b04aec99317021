"""/api/v1: the contract's own methods, as their `google.api.http` annotations have them.

What is made here is no task of /sdapi: its progress, interrupt and skip never mean it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc import aio
from starlette.requests import Request

from gateway_svc.authentication import USER_KEY
from gateway_svc.inference.channels import MAX_MESSAGE_BYTES
from gateway_svc.sdapi.job import KINDS
from gateway_svc.sdapi.tasks import EXTRAS
from gateway_svc.services import Services
from gateway_svc.transcoding.errors import Failure, Refused
from gateway_svc.transcoding.options import EventStream, Options, Resumed
from gateway_svc.transcoding.route import Transcoder
from latentwire.errors import DOMAIN, error_class
from latentwire.status import from_rpc_error, to_status
from latentwire.v1 import (
    denoising_service_pb2,
    generation_service_pb2,
    model_service_pb2,
    postprocessing_service_pb2,
)

PREFIX: Final = "/api/v1/"
SERVICES: Final[tuple[ServiceDescriptor, ...]] = tuple(
    service
    for module in (generation_service_pb2, denoising_service_pb2, model_service_pb2, postprocessing_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
)
DETACH_GRACE_S: Final = 30
"""How long a generation that is told as events lives with nobody attached: a client of events comes back by itself."""
_GENERATION: Final = generation_service_pb2.DESCRIPTOR.services_by_name["GenerationService"]
_OF_TASKS: Final = (generation_service_pb2.GenerateImageRequest, postprocessing_service_pb2.UpscaleImageRequest)
_TAKEN_KINDS: Final = frozenset({*KINDS, EXTRAS})


def transcoder() -> Transcoder:
    """The routes of every service of the contract."""
    options = Options(
        metadata=lambda request: _services(request).inference.metadata,
        prepare=prepare,
        events=EVENTS,
        explain=explained,
        details=lambda refused: [reason_of(refused)],
        max_message_bytes=MAX_MESSAGE_BYTES,
    )
    return Transcoder(SERVICES, lambda request: _services(request).inference.channel, options, prefix=PREFIX)


def prepare(request: Request, method: MethodDescriptor, message: Message, as_events: bool) -> None:
    """Keeps what is asked for here apart from /sdapi and from other users. Raises Refused."""
    if isinstance(message, _OF_TASKS) and message.task.kind in _TAKEN_KINDS:
        raise Refused(f"{message.task.kind!r} is a kind of /sdapi's own tasks", field="task.kind")
    if (
        as_events
        and isinstance(message, generation_service_pb2.GenerateImageRequest)
        and not message.HasField("detach_grace")
    ):
        message.detach_grace.CopyFrom(duration_pb2.Duration(seconds=DETACH_GRACE_S))
    _check_owner(str(request.scope.get(USER_KEY, "")), message)


def _check_owner(user: str, message: Message) -> None:
    if not user:
        return
    field, holder = _owned(message)
    if holder is None:
        return
    if holder.owner not in ("", user):
        raise Refused(f"{holder.owner!r:.80} is not you; allowed: {user!r}", field=field)
    if field == "task.owner":
        holder.owner = user


def _owned(message: Message) -> tuple[str, Any]:
    """Where a request names an owner, if it does."""
    if isinstance(message, _OF_TASKS):
        return "task.owner", message.task if message.HasField("task") else None
    if isinstance(message, generation_service_pb2.ListGenerationsRequest):
        return "owner", message
    return "", None


def explained(error: aio.AioRpcError) -> Failure:
    """What a failed call tells: the error table's status and its status of HTTP."""
    known = from_rpc_error(error)
    return Failure(to_status(known), known.http_status)


def reason_of(refused: Refused) -> any_pb2.Any:
    """The ErrorInfo of what the gateway refuses by itself."""
    reason = "MESSAGE_TOO_LARGE" if refused.http_status == 413 else error_class(refused.code, "").default_reason
    packed = any_pb2.Any()
    packed.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN))
    return packed


def _sequence(message: Message) -> str:
    return str(cast("generation_service_pb2.GenerateImageResponse", message).sequence)


def _watched(message: Message) -> Message:
    return cast("generation_service_pb2.WatchGenerationResponse", message).event


def _watch_on(message: Message, last: str) -> Resumed:
    """Attaches again after the event that a client has had last, be its request the first one or a watcher's."""
    name = cast("generation_service_pb2.WatchGenerationRequest", message).request_id
    if not name:
        raise Refused("is needed to go on after Last-Event-ID: choose one when you begin", field="request_id")
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        raise Refused(f"{last!r:.40} is not allowed; allowed: the id of an event", field="Last-Event-ID")
    watch = generation_service_pb2.WatchGenerationRequest(request_id=name, after_sequence=int(last))
    return Resumed(_GENERATION.methods_by_name["WatchGeneration"], watch, _watched)


EVENTS: Final[Mapping[str, EventStream]] = {
    f"{_GENERATION.full_name}.GenerateImage": EventStream(_sequence, _watch_on),
    f"{_GENERATION.full_name}.WatchGeneration": EventStream(_sequence, _watch_on, _watched),
}


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)
