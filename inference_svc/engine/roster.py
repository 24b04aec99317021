"""The requests in the engine: who is in, whose picture begins next, who is told what, and how each ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from inference_svc.engine.admission import Contender, Places
from inference_svc.engine.clock import Clock
from inference_svc.engine.costs import Costs
from inference_svc.engine.events import EngineEvent, Finished, Outcome, Started
from inference_svc.engine.job import Job, Picture, Timeline
from inference_svc.engine.ledger import Entry, Ledger
from inference_svc.engine.metrics import EngineMetrics
from inference_svc.engine.request import State
from inference_svc.engine.settings import EngineSettings
from inference_svc.engine.urgency import is_urgent
from latentwire.errors import LatentwireError

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Roster:
    """Jobs that are not over, by request id, oldest first. Used by the engine thread alone."""

    settings: EngineSettings
    ledger: Ledger
    costs: Costs
    clock: Clock
    metrics: EngineMetrics
    jobs: dict[str, Job] = field(default_factory=dict)

    def accept(self, entry: Entry, submitted_at: float) -> Job:
        """Takes in a request that the ledger has accepted."""
        job = Job(entry, Timeline(submitted_at))
        self.jobs[job.request.request_id] = job
        return job

    def job_of(self, picture: Picture) -> Job | None:
        """Returns the job of a picture that still runs; ids may be used again after their request has ended."""
        job = self.jobs.get(picture.request_id)
        return job if job is not None and job.running.get(picture.index) is picture else None

    def next_place(self) -> tuple[Job, bool] | None:
        """Returns whose next picture may begin now, and whether in a reserved place."""
        ready = [job for job in self.jobs.values() if job.to_begin and not job.held]
        if not ready:
            return None
        now = self.clock.now()
        running = [self._contender(job, now) for job in self.jobs.values() if job.running and not job.held]
        place = self._places().next([self._contender(job, now) for job in ready], running)
        return None if place is None else (self.jobs[place.request_id], place.reserved)

    def start(self, job: Job) -> None:
        """Moves a job from waiting to running, and says so."""
        job.move(State.RUNNING)
        self.ledger.started(job.request.request_id)
        self.tell(job, Started())

    def end(self, job: Job, outcome: Outcome, error: LatentwireError | None = None) -> None:
        """Ends a job: its id is free, its pipelines are closed, its listener is told. Raises IllegalMove."""
        job.end(outcome)
        del self.jobs[job.request.request_id]
        self.ledger.ended(job.request.request_id)
        for picture in job.running.values():
            _close(picture)
        stats = job.timeline.stats(self.clock.now())
        self.metrics.request_ended(outcome, stats)  # first: whoever is told may look
        self.tell(job, Finished(outcome, error, stats))

    def tell(self, job: Job, event: EngineEvent) -> None:
        """Calls the listener; what it raises is logged."""
        try:
            job.request.listener(event)
        except Exception:
            log.exception("listener of %s failed on %s", job.request.request_id, type(event).__name__)

    def expired(self, now: float) -> list[Job]:
        """Returns the jobs whose deadline has come."""
        return [job for job in self.jobs.values() if job.request.deadline is not None and job.request.deadline <= now]

    def next_deadline(self) -> float | None:
        """Returns the nearest deadline."""
        deadlines = [job.request.deadline for job in self.jobs.values()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _places(self) -> Places:
        """Counts pictures in places. Held ones wait for their reader: as many as run may wait beside those that run."""
        pictures = [(picture, job.held) for job in self.jobs.values() for picture in job.running.values()]
        uncounted = self.settings.max_running
        used = {False: 0, True: 0}
        for picture, held in pictures:
            if held and uncounted:
                uncounted -= 1
            else:
                used[picture.reserved] += 1
        reserved = self.settings.reserved
        return Places(self.settings.max_running - reserved, reserved, used[False], used[True])

    def _contender(self, job: Job, now: float) -> Contender:
        request, rows = job.request, job.entry.remaining
        left = None if request.deadline is None else request.deadline - now
        urgent = is_urgent(left, self.costs.recent_s(request.key), rows)
        return Contender(request.request_id, job.entry.arrival, rows, request.priority, urgent)


def _close(picture: Picture) -> None:
    try:
        picture.pipeline.close()
    except Exception:
        log.exception("pipeline of %s, picture %d, failed while closing", picture.request_id, picture.index)
