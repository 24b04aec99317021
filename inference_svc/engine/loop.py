"""The engine thread: messages, then one batch, again and again; asleep when there is nothing to do."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from inference_svc.engine.clock import Clock
from inference_svc.engine.compute import ComputePool
from inference_svc.engine.device import Device, Ran
from inference_svc.engine.drive import Step, advance
from inference_svc.engine.events import Outcome, PictureDone, Reported
from inference_svc.engine.inbox import Inbox, Message
from inference_svc.engine.job import Job, Picture
from inference_svc.engine.ledger import Entry
from inference_svc.engine.request import State
from inference_svc.engine.roster import Roster
from inference_svc.engine.rows import Pending, RowId, Rows
from inference_svc.engine.runner import DeviceLost
from inference_svc.engine.scheduler import Batch, Scheduler, Terms
from inference_svc.work import Ask, Compute, Evaluate, Kind, Pipeline, Stopped
from latentwire.errors import DeadlineExceeded, Internal, LatentwireError, OutOfMemory, Unavailable

log = logging.getLogger(__name__)


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
        self._parts = parts
        self._roster, self._scheduler = parts.roster, parts.scheduler
        self._rows = Rows()
        self._alone: deque[Batch[RowId]] = deque()
        self._over = False

    def run(self) -> None:
        """Works until `abort` or until the device is lost; then answers what is left in the inbox."""
        try:
            while not self._over:
                self._turn()
        except Exception as error:
            log.exception("the engine failed")
            self._lose(Internal(f"the engine failed: {error!r}"))
        _handle(self._parts.inbox.close())

    def tick(self) -> bool:
        """Runs one batch; returns whether there was one."""
        self._expire()
        self._admit()
        batch = self._next_batch()
        if batch is not None:
            self._run_batch(batch)
        return batch is not None

    # what comes through the inbox

    def accept(self, entry: Entry, submitted_at: float) -> None:
        """Takes in a request; it begins when there is a place."""
        job = self._roster.accept(entry, submitted_at)
        if self._over:
            self._end(job, Outcome.CANCELLED, draining())

    def cancel(self, request_id: str, error: LatentwireError) -> None:
        """Ends a request and discards what it made."""
        job = self._roster.jobs.get(request_id)
        if job is not None:
            self._end(job, Outcome.CANCELLED, error)

    def stop(self, request_id: str, current_batch: bool) -> None:
        """Throws Stopped into the pictures that run, once each; those that have not begun are left out."""
        job = self._roster.jobs.get(request_id)
        if job is None:
            return
        for picture in job.stop(current_batch):
            if self._roster.job_of(picture) is job:
                self._abandon_ask(picture)
                self._advance(picture, partial(_throw, Stopped()))
        self._go_on(job)

    def hold(self, request_id: str, held: bool) -> None:
        """Gives a request no device work, and begins none of its pictures, until it is let go."""
        job = self._roster.jobs.get(request_id)
        if job is not None:
            job.held = held
            if job.state is State.RUNNING:
                self._scheduler.hold(request_id, held)

    def computed(self, picture: Picture, ask: int, done: Future[Any]) -> None:
        """Gives a picture what its function returned or raised, unless it has been stopped or ended meanwhile."""
        if self._roster.job_of(picture) is None or picture.ask != ask:
            return
        error = done.exception()
        if error is None:
            self._advance(picture, partial(_send, done.result()))
        else:
            self._advance(picture, partial(_throw, error))

    def abort(self) -> None:
        """Cancels all that is left and ends the loop."""
        self._over = True
        for job in list(self._roster.jobs.values()):
            self._end(job, Outcome.CANCELLED, draining())

    # one turn

    def _turn(self) -> None:
        _handle(self._parts.inbox.take())
        if not self._over and not self.tick():
            _handle(self._parts.inbox.wait(self._roster.next_deadline()))

    def _expire(self) -> None:
        for job in self._roster.expired(self._parts.clock.now()):
            self._end(job, Outcome.CANCELLED, DeadlineExceeded("the deadline passed before the end"))

    def _admit(self) -> None:
        while (place := self._roster.next_place()) is not None:
            self._begin(*place)

    def _begin(self, job: Job, reserved: bool) -> None:
        if job.state is State.WAITING:
            self._enter(job)
        try:
            picture = job.begin(reserved)
        except Exception as error:  # noqa: BLE001 - one request's failure
            self._fail(job, error)
        else:
            self._advance(picture, next)

    def _enter(self, job: Job) -> None:
        request = job.request
        terms = Terms(job.entry.arrival, job.entry.remaining, request.priority, request.deadline, request.key)
        self._scheduler.enter(request.request_id, terms)
        self._roster.start(job)

    def _next_batch(self) -> Batch[RowId] | None:
        """Rows of a batch that failed go first, each alone."""
        return self._alone.popleft() if self._alone else self._scheduler.schedule(self._parts.clock.now())

    def _run_batch(self, batch: Batch[RowId]) -> None:
        pending = self._rows.get(batch.rows)
        try:
            ran = self._parts.device.run(batch.key, pending)
        except DeviceLost as error:
            log.error("the device is lost: %s", error)
            self._lose(Unavailable(f"the device is lost: {error}", reason="DEVICE_LOST"))
        except OutOfMemory as error:
            self._out_of_memory(batch, pending, error)
        except Exception as error:  # noqa: BLE001 - a failed batch is its requests' failure
            self._batch_failed(batch, pending, error)
        else:
            self._rows.drop(batch.rows)
            self._account(batch, pending, ran)
            self._deliver(pending, ran)

    def _account(self, batch: Batch[RowId], pending: Sequence[Pending], ran: Ran) -> None:
        counts = Counter(row.picture.request_id for row in pending)
        for request_id, rows in counts.items():
            job = self._roster.jobs[request_id]
            job.timeline.worked(batch.key.kind, ran.start, ran.end)
            if batch.key.kind == Kind.DENOISE:
                job.timeline.evaluated(rows, len(pending))
                self._scheduler.progressed(request_id, rows)
                job.entry.remaining = self._scheduler.remaining(request_id)

    def _deliver(self, pending: Sequence[Pending], ran: Ran) -> None:
        """Matches results by id, not by position: a request may fail while its batch is being delivered."""
        for row, result in zip(pending, ran.results, strict=True):
            picture = row.picture
            if self._roster.job_of(picture) is not None and picture.answer(row.id.row, result, len(pending)):
                self._advance(picture, partial(_send, tuple(picture.results)))

    # what goes wrong

    def _out_of_memory(self, batch: Batch[RowId], pending: Sequence[Pending], error: OutOfMemory) -> None:
        """Tries again with half the rows; a single row that does not fit fails its request."""
        if len(pending) == 1:
            self._fail_request(pending[0].id.request_id, error)
            return
        self._parts.device.cap.out_of_memory(batch.key, len(pending))
        by_request: dict[str, list[RowId]] = {}
        for row in pending:
            by_request.setdefault(row.id.request_id, []).append(row.id)
        for request_id, ids in by_request.items():
            self._scheduler.ask(request_id, [(id_, batch.key) for id_ in ids], first=True)

    def _batch_failed(self, batch: Batch[RowId], pending: Sequence[Pending], error: Exception) -> None:
        """Fails the one request that the batch was of; of several, runs each row alone to find the guilty one."""
        requests = {row.id.request_id for row in pending}
        if len(requests) == 1:
            self._fail_request(requests.pop(), error)
        else:
            log.warning("a batch of %d rows failed, its rows are tried alone: %r", len(pending), error)
            self._alone.extend(Batch(batch.key, (row.id,)) for row in pending)

    def _fail_request(self, request_id: str, error: Exception) -> None:
        self._fail(self._roster.jobs[request_id], error)

    def _fail(self, job: Job, error: Exception) -> None:
        if not isinstance(error, LatentwireError):
            log.error("request %s failed", job.request.request_id, exc_info=error)
            error = Internal(f"{type(error).__name__}: {error}")
        self._end(job, Outcome.FAILED, error)

    def _lose(self, error: LatentwireError) -> None:
        """Ends everything: nothing can run here any more."""
        self._over = True
        self._roster.ledger.close(lambda: Unavailable(error.message, reason="DEVICE_LOST"))
        for job in list(self._roster.jobs.values()):
            self._end(job, Outcome.FAILED, error)
        try:
            self._parts.on_lost(error)
        except Exception:
            log.exception("on_lost failed")

    # pictures

    def _advance(self, picture: Picture, step: Step) -> None:
        """Runs a picture to its next ask, unless it is cancelled; its failure is its request's."""
        job = self._roster.jobs[picture.request_id]
        if job.entry.cancelled:
            return

        def report(event: object) -> None:
            self._roster.tell(job, Reported(picture.batch, picture.index, event, picture.batch_rows))

        try:
            ask = advance(picture, step, report)
            if ask is not None:
                self._ask(picture, ask)
        except Exception as error:  # noqa: BLE001 - one request's failure
            self._fail(job, error)
        else:
            if ask is None:
                self._picture_ended(job, picture)

    def _ask(self, picture: Picture, ask: Compute | Evaluate) -> None:
        if isinstance(ask, Compute):
            number = picture.expect(0)
            self._parts.pool.submit(ask, lambda done: self.computed(picture, number, done))
        else:
            picture.expect(len(ask.rows))
            self._scheduler.ask(picture.request_id, self._rows.add(picture, ask.rows))

    def _abandon_ask(self, picture: Picture) -> None:
        self._scheduler.withdraw(picture.request_id, self._drop_rows(picture))
        picture.expect(0)

    def _drop_rows(self, picture: Picture) -> list[RowId]:
        ids = self._rows.drop_picture(picture)
        self._alone = deque(batch for batch in self._alone if batch.rows[0] not in ids)
        return ids

    def _picture_ended(self, job: Job, picture: Picture) -> None:
        del job.running[picture.index]
        self._roster.tell(job, PictureDone(picture.batch, picture.index))
        self._go_on(job)

    def _go_on(self, job: Job) -> None:
        """Opens the next batch when one has ended; ends the job after the last."""
        if job.over:
            return
        while job.batch_ended and job.batches_left:
            job.open_batch(job.batch + 1)
        if job.batch_ended:
            self._end(job, Outcome.STOPPED if job.stopped else Outcome.SUCCEEDED)

    def _end(self, job: Job, outcome: Outcome, error: LatentwireError | None = None) -> None:
        for picture in job.running.values():
            self._drop_rows(picture)
        self._scheduler.leave(job.request.request_id)
        self._roster.end(job, outcome, error)


def draining() -> Unavailable:
    """Returns what is said to whoever comes while the server ends."""
    return Unavailable("the server is shutting down", reason="DRAINING", retry_after_s=1.0)


def _send(answer: object, pipeline: Pipeline) -> Ask:
    return pipeline.send(answer)


def _throw(error: BaseException, pipeline: Pipeline) -> Ask:
    return pipeline.throw(error)


def _handle(messages: Sequence[Message]) -> None:
    for message in messages:
        message()
