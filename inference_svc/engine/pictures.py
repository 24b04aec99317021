"""The pictures that run: begun, driven from ask to ask, stopped, ended; and with the last one their request."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from inference_svc.engine.compute import ComputePool
from inference_svc.engine.drive import Step, advance
from inference_svc.engine.events import Outcome, PictureDone, Reported
from inference_svc.engine.job import Job, Picture
from inference_svc.engine.request import State
from inference_svc.engine.roster import Roster
from inference_svc.engine.rows import RowId, Rows
from inference_svc.engine.scheduler import Scheduler, Terms
from inference_svc.work import Ask, Compute, Evaluate, Pipeline, Stopped
from latentwire.errors import Internal, LatentwireError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Drives pipelines. Used by the engine thread alone."""

    roster: Roster
    scheduler: Scheduler[RowId]
    rows: Rows
    pool: ComputePool

    def begin(self, job: Job, *, reserved: bool) -> None:
        """Begins the next picture of a job; with the first one the job runs."""
        if job.state is State.WAITING:
            self._enter(job)
        try:
            picture = job.begin(reserved)
        except Exception as error:  # noqa: BLE001 - one request's failure
            self.fail(job, error)
        else:
            self._advance(picture, next)

    def answer(self, picture: Picture, results: tuple[Any, ...]) -> None:
        """Gives a picture the results of its rows."""
        self._advance(picture, partial(_send, results))

    def stop(self, job: Job, *, current_batch: bool) -> None:
        """Throws Stopped into the pictures that run, once each; those that have not begun are left out."""
        for picture in job.stop(current_batch):
            if self.roster.job_of(picture) is job:
                self.scheduler.withdraw(picture.request_id, self.rows.drop_picture(picture))
                picture.expect(0)
                picture.give_up()
                self._advance(picture, partial(_throw, Stopped()))
        self._go_on(job)

    def fail(self, job: Job, error: Exception) -> None:
        """Ends a job with an error; one that is not for callers is logged and told as Internal."""
        if not isinstance(error, LatentwireError):
            log.error("request %s failed", job.request.request_id, exc_info=error)
            error = Internal(f"{type(error).__name__}: {error}")
        self.end(job, Outcome.FAILED, error)

    def end(self, job: Job, outcome: Outcome, error: LatentwireError | None = None) -> None:
        """Ends a job, and drops all that is still asked for it."""
        for picture in job.running.values():
            self.rows.drop_picture(picture)
            picture.give_up()
        self.scheduler.leave(job.request.request_id)
        self.roster.end(job, outcome, error)

    def _enter(self, job: Job) -> None:
        request = job.request
        terms = Terms(job.entry.arrival, job.entry.remaining, request.priority, request.deadline, request.key)
        self.scheduler.enter(request.request_id, terms)
        self.roster.start(job)

    def _advance(self, picture: Picture, step: Step) -> None:
        """Runs a picture to its next ask, unless it is cancelled; its failure is its request's."""
        job = self.roster.jobs[picture.request_id]
        if job.entry.cancelled:
            return

        def report(event: object) -> None:
            self.roster.tell(job, Reported(picture.batch, picture.index, event, picture.batch_rows))

        try:
            ask = advance(picture, step, report)
            if ask is not None:
                self._ask(picture, ask)
        except Exception as error:  # noqa: BLE001 - one request's failure
            self.fail(job, error)
        else:
            if ask is None:
                self._ended(job, picture)

    def _ask(self, picture: Picture, ask: Compute | Evaluate) -> None:
        if isinstance(ask, Compute):
            picture.computing = self.pool.submit(ask, partial(self._computed, picture, picture.expect(0)))
        else:
            picture.expect(len(ask.rows))
            self.scheduler.ask(picture.request_id, self.rows.add(picture, ask.rows))

    def _computed(self, picture: Picture, ask: int, done: Future[Any]) -> None:
        """Gives a picture what its function returned or raised, unless it has been stopped or ended meanwhile."""
        if self.roster.job_of(picture) is None or picture.ask != ask:
            return
        error = done.exception()
        self._advance(picture, partial(_send, done.result()) if error is None else partial(_throw, error))

    def _ended(self, job: Job, picture: Picture) -> None:
        del job.running[picture.index]
        self.roster.tell(job, PictureDone(picture.batch, picture.index))
        self._go_on(job)

    def _go_on(self, job: Job) -> None:
        """Opens the next batch when one has ended; ends the job after the last."""
        if job.over:
            return
        while job.batch_ended and job.batches_left:
            job.open_batch(job.batch + 1)
        if job.batch_ended:
            self.end(job, Outcome.STOPPED if job.stopped else Outcome.SUCCEEDED)


def _send(answer: object, pipeline: Pipeline) -> Ask:
    return pipeline.send(answer)


def _throw(error: BaseException, pipeline: Pipeline) -> Ask:
    return pipeline.throw(error)
