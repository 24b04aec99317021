"""How the messages of a stream follow each other in a body: lines of JSON, or Server-Sent Events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import Message
from starlette.datastructures import Headers

from gateway_svc.transcoding.errors import Failure
from gateway_svc.transcoding.json_text import as_json, status_json, text

LINES = "application/x-ndjson"
EVENTS = "text/event-stream"


class Framing(Protocol):
    """One way to write a stream. `pause`: what is written when nothing comes; nothing where there is no such thing."""

    @property
    def media_type(self) -> str: ...
    @property
    def opening(self) -> bytes: ...
    @property
    def pause(self) -> bytes: ...

    def message(self, message: Message) -> bytes:
        """One message."""

    def failure(self, failure: Failure) -> bytes:
        """The end of a stream that failed."""


@dataclass(frozen=True, slots=True)
class JsonLines:
    """`{"result": …}` a line, and `{"error": status}` as the last one of a stream that failed."""

    response_body: str = ""
    keep_names: bool = False
    media_type: str = LINES
    opening: bytes = b""
    pause: bytes = b""

    def message(self, message: Message) -> bytes:
        """One line."""
        return text({"result": as_json(message, self.response_body, keep_names=self.keep_names)}) + b"\n"

    def failure(self, failure: Failure) -> bytes:
        """The last line."""
        return text({"error": status_json(failure.status)}) + b"\n"


@dataclass(frozen=True, slots=True)
class ServerSentEvents:
    """`data:` is the message; `id:` what `event_id` says of it, or none; a failure is an event named error."""

    event_id: Callable[[Message], str]
    inner: Callable[[Message], Message]
    response_body: str = ""
    keep_names: bool = False
    media_type: str = EVENTS
    opening: bytes = b"retry: 1000\n\n"
    pause: bytes = b": nothing new\n\n"

    def message(self, message: Message) -> bytes:
        """One event."""
        told = self.inner(message)
        name = self.event_id(told)
        head = f"id: {name}\n".encode() if name else b""
        return head + b"data: " + text(as_json(told, self.response_body, keep_names=self.keep_names)) + b"\n\n"

    def failure(self, failure: Failure) -> bytes:
        """The last event."""
        return b"event: error\ndata: " + text(status_json(failure.status)) + b"\n\n"


def wants_events(headers: Headers) -> bool:
    """Whether `Accept` names Server-Sent Events, and does not weigh them below lines of JSON."""
    weights: dict[str, float] = {}
    for part in headers.get("accept", "").split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights[kind] = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    return 0 < weights.get(EVENTS, 0) >= max(weights.get(LINES, 0), weights.get("application/json", 0))


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
