"""What the one who mounts the routes decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from google.protobuf import any_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from starlette.requests import Request

from gateway_svc.transcoding.errors import Explain, Refused, explain


def same(message: Message) -> Message:
    """The message itself."""
    return message


@dataclass(frozen=True, slots=True)
class Resumed:
    """The call that goes on where a stream of events broke off; `inner` finds the stream's message in each answer."""

    method: MethodDescriptor
    request: Message
    inner: Callable[[Message], Message] = same


@dataclass(frozen=True, slots=True)
class EventStream:
    """A method whose events have ids, so that a client that lost its connection can come back with the last one.

    `event_id`: a message's id, "" for none. `resume`: what to call for a request that came with `Last-Event-ID`; it
    raises Refused where the id means nothing. `inner`: where in each answer the message stands.
    """

    event_id: Callable[[Message], str]
    resume: Callable[[Message, str], Resumed]
    inner: Callable[[Message], Message] = same


@dataclass(frozen=True, slots=True)
class Options:
    """All of it has a default.

    `metadata`: pairs that every call carries, and that no header overrides. `prepare`: looks at a request before its
    call, and may change or refuse it; its last argument says whether the answer will be Server-Sent Events. `events`:
    by the method's full name. `explain`: what a failed call tells. `details`: what a refusal made here carries beside
    google.rpc.BadRequest. `max_message_bytes`: what the channel sends at most.
    """

    metadata: Callable[[Request], Iterable[tuple[str, str | bytes]]] = lambda _: ()
    prepare: Callable[[Request, MethodDescriptor, Message, bool], None] = lambda *_: None
    events: Mapping[str, EventStream] = field(default_factory=dict)
    explain: Explain = explain
    details: Callable[[Refused], Iterable[any_pb2.Any]] = lambda _: ()
    max_message_bytes: int = 4 * 1024 * 1024
    pause_s: float = 15.0
    keep_names: bool = False
