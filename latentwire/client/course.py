"""The course of one generation, whatever becomes of its connection. Nothing here does I/O."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from google.protobuf.message import Message

from latentwire.client.calls import GENERATION, Method
from latentwire.client.channel import Settings
from latentwire.client.events import AnyEvent, Completed, EventReader, Reattached
from latentwire.client.retrying import LOST, Deadline, Retries
from latentwire.errors import AlreadyExists, Cancelled, LatentwireError, NotFound, Unavailable
from latentwire.v1 import generation_service_pb2 as g

Request: TypeAlias = g.GenerateImageRequest | g.WatchGenerationRequest


def course_of(request: Request, settings: Settings, deadline: Deadline) -> Course:
    """The course of a request; a generation with a shorter life of its own is given up sooner."""
    reattach_s = settings.reattach_s
    if isinstance(request, g.GenerateImageRequest):
        reattach_s = min(reattach_s, request.detach_grace.ToNanoseconds() / 1e9)
    return Course(request, retries=settings.retries, deadline=deadline, reattach_s=reattach_s)


class Course:
    """Which call to make next, what its answers mean, and whether a failure is the end.

    A generation is asked for until it is accepted; once it is, a lost connection is answered by watching it, after the
    last event that has arrived. One that may have been accepted when the connection was lost is found by its id.
    """

    def __init__(
        self,
        request: Request,
        *,
        retries: Retries,
        deadline: Deadline,
        reattach_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request, self._retries, self._deadline = request, retries, deadline
        self._reattach_s, self._clock = reattach_s, clock
        self._reader = EventReader()
        self._attached = isinstance(request, g.WatchGenerationRequest)
        self._sequence = request.after_sequence if isinstance(request, g.WatchGenerationRequest) else 0
        self._tried, self._lost_at = 0, 0.0
        self._lost: LatentwireError | None = None
        self.request_id = request.request_id
        self.heard = False
        """Whether an event has arrived: it is known to be accepted."""
        self.ended = False

    def call(self) -> tuple[Method, Message]:
        """The call to make now."""
        self._tried += 1
        if not self._attached:
            return GENERATION["GenerateImage"], self._request
        request = g.WatchGenerationRequest(request_id=self.request_id, after_sequence=self._sequence)
        return GENERATION["WatchGeneration"], request

    def take(self, response: Any) -> Iterator[AnyEvent]:
        """Yields the events of an answer. Raises Internal where parts of a picture don't fit together."""
        message: g.GenerateImageResponse = response.event if self._attached else response
        if self._lost is not None and self.heard:
            yield Reattached(lost=self._lost.message, request_id=self.request_id, sequence=self._sequence)
        self._lost, self._tried, self.heard = None, 0, True
        self._sequence = message.sequence
        for event in self._reader.read(message):
            self.ended = self.ended or isinstance(event, Completed)
            yield event

    def closed(self) -> None:
        """The stream has ended well. Raises Unavailable where that was not the generation's end: it was cut off."""
        if not self.ended:
            raise Unavailable("the stream ended before the generation", reason=LOST, retry_after_s=0.0)

    def failed(self, error: LatentwireError) -> float:
        """Returns the seconds until the next call. Raises the error that it all ends with where there is none."""
        pause = self._after_events(error) if self.heard else self._before_events(error)
        if pause is None or not self._deadline.allows(pause):
            self.ended = not _is_lost(error)
            raise error
        return pause

    def _before_events(self, error: LatentwireError) -> float | None:
        """Asked for, or asked for again: nobody has said yet that it is accepted."""
        if isinstance(error, AlreadyExists) and self._lost is not None:
            self._attached = True
            return 0.0
        if isinstance(error, Cancelled) and self._lost is not None and self._attached:
            # It was accepted, nobody heard of it, and so it was given up.
            self.ended = True
            raise self._lost
        if _is_lost(error):
            self._lost = error
        return self._retries.pause_s(error, self._tried)

    def _after_events(self, error: LatentwireError) -> float | None:
        if isinstance(error, NotFound) and self._lost is not None:
            self.ended = True
            raise self._lost
        if not _is_lost(error) or self._reattach_s == 0:
            return None
        if self._lost is None:
            self._lost, self._lost_at, self._tried, self._attached = error, self._clock(), 1, True
        pause = min(self._retries.first_pause_s * float(2 ** (self._tried - 1)), 1.0)
        within = self._clock() - self._lost_at + pause <= self._reattach_s
        return pause if within else None


def _is_lost(error: LatentwireError) -> bool:
    return isinstance(error, Unavailable) and error.reason == LOST
