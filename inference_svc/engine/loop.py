"""The engine thread: messages, then one batch, again and again; asleep when there is nothing to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference_svc.engine.batches import Batches
from inference_svc.engine.clock import Clock
from inference_svc.engine.compute import ComputePool
from inference_svc.engine.device import Device
from inference_svc.engine.events import Outcome
from inference_svc.engine.inbox import Inbox, Message
from inference_svc.engine.ledger import Entry
from inference_svc.engine.pictures import Pictures
from inference_svc.engine.request import State
from inference_svc.engine.roster import Roster
from inference_svc.engine.rows import RowId, Rows
from inference_svc.engine.runner import DeviceLost
from inference_svc.engine.scheduler import Scheduler
from latentwire.errors import DeadlineExceeded, Internal, LatentwireError, Unavailable

log = logging.getLogger(__name__)

_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop works with."""

    device: Device
    clock: Clock
    inbox: Inbox
    roster: Roster
    scheduler: Scheduler[RowId]
    pool: ComputePool
    on_lost: Callable[[LatentwireError], None]


class Loop:
    """Owns the device and all that runs. Every method but `run` is called on its thread, through the inbox."""

    def __init__(self, parts: Parts) -> None:
        rows = Rows()
        self._parts, self._roster, self._scheduler = parts, parts.roster, parts.scheduler
        self._pictures = Pictures(parts.roster, parts.scheduler, rows, parts.pool)
        self._batches = Batches(parts.device, parts.scheduler, rows, parts.roster, self._pictures)
        self._over = False

    def run(self) -> None:
        """Works until `abort` or until the device is lost; then answers what is left in the inbox."""
        try:
            while not self._over:
                self._turn()
        except DeviceLost as error:
            log.error("the device is lost: %s", error)
            self._lose(_lost(error))
        except Exception as error:
            log.exception("the engine failed")
            self._lose(Internal(f"the engine failed: {error!r}"))
        _handle(self._parts.inbox.close())

    def tick(self) -> bool:
        """Runs one batch; returns whether there was one. Raises DeviceLost."""
        self._expire()
        while (place := self._roster.next_place()) is not None:
            job, reserved = place
            self._pictures.begin(job, reserved=reserved)
        batch = self._batches.next(self._parts.clock.now())
        if batch is not None:
            self._batches.run(batch)
        return batch is not None

    def accept(self, entry: Entry, submitted_at: float) -> None:
        """Takes in a request; it begins when there is a place."""
        job = self._roster.accept(entry, submitted_at)
        if self._over:
            self._pictures.end(job, Outcome.CANCELLED, draining())

    def cancel(self, request_id: str, error: LatentwireError) -> None:
        """Ends a request and discards what it made."""
        job = self._roster.jobs.get(request_id)
        if job is not None:
            self._pictures.end(job, Outcome.CANCELLED, error)

    def stop(self, request_id: str, *, current_batch: bool) -> None:
        """Ends a request, or its current batch, with what there is."""
        job = self._roster.jobs.get(request_id)
        if job is not None:
            self._pictures.stop(job, current_batch=current_batch)

    def hold(self, request_id: str, *, held: bool) -> None:
        """Gives a request no device work, and begins none of its pictures, until it is let go."""
        job = self._roster.jobs.get(request_id)
        if job is not None:
            job.held = held
            if job.state is State.RUNNING:
                self._scheduler.hold(request_id, held=held)

    def abort(self) -> None:
        """Cancels all that is left and ends the loop."""
        self._over = True
        for job in list(self._roster.jobs.values()):
            self._pictures.end(job, Outcome.CANCELLED, draining())

    def _turn(self) -> None:
        _handle(self._parts.inbox.take())
        if not self._over and not self.tick():
            _handle(self._parts.inbox.wait(self._roster.next_deadline()))

    def _expire(self) -> None:
        for job in self._roster.expired(self._parts.clock.now()):
            self._pictures.end(job, Outcome.CANCELLED, DeadlineExceeded("the deadline passed before the end"))

    def _lose(self, error: LatentwireError) -> None:
        """Ends everything: nothing can run here any more."""
        self._over = True
        self._roster.ledger.close(lambda: _lost(error))
        for job in list(self._roster.jobs.values()):
            self._pictures.end(job, Outcome.FAILED, error)
        try:
            self._parts.on_lost(error)
        except Exception:
            log.exception("on_lost failed")


def draining() -> Unavailable:
    """Returns what is said to whoever comes while the server ends."""
    return Unavailable("the server is shutting down", reason="DRAINING", retry_after_s=_RETRY_S)


def _lost(error: Exception) -> Unavailable:
    return Unavailable(f"the device is lost: {error}", reason="DEVICE_LOST", retry_after_s=_RETRY_S)


def _handle(messages: Sequence[Message]) -> None:
    for message in messages:
        message()
