"""Batches from the scheduler to the device and back, and what becomes of those that fail."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from inference_svc.engine.device import Device, Ran
from inference_svc.engine.pictures import Pictures
from inference_svc.engine.roster import Roster
from inference_svc.engine.rows import Pending, RowId, Rows
from inference_svc.engine.runner import DeviceLost
from inference_svc.engine.scheduler import Batch, Scheduler
from inference_svc.work import Kind
from latentwire.errors import OutOfMemory

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """Runs batches. Used by the engine thread alone."""

    device: Device
    scheduler: Scheduler[RowId]
    rows: Rows
    roster: Roster
    pictures: Pictures

    def next(self, now: float) -> Batch[RowId] | None:
        """Returns what runs next; rows of a batch that failed go first, each alone."""
        return self.rows.next_alone() or self.scheduler.schedule(now)

    def run(self, batch: Batch[RowId]) -> None:
        """Computes a batch and hands out its results. Raises DeviceLost; all else is its requests' failure."""
        pending = self.rows.get(batch.rows)
        try:
            ran = self.device.run(batch.key, pending)
        except DeviceLost:
            raise
        except OutOfMemory as error:
            self._out_of_memory(batch, pending, error)
        except Exception as error:  # noqa: BLE001 - a failed batch is its requests' failure
            self._failed(pending, error)
        else:
            self.rows.drop(batch.rows)
            self._account(batch, pending, ran)
            self._deliver(pending, ran)

    def _account(self, batch: Batch[RowId], pending: Sequence[Pending], ran: Ran) -> None:
        for request_id, rows in Counter(row.id.request_id for row in pending).items():
            job = self.roster.jobs[request_id]
            job.timeline.worked(batch.key.kind, ran.start, ran.end)
            if batch.key.kind == Kind.DENOISE:
                job.timeline.evaluated(rows, len(pending))
            if batch.key.kind == job.counted:
                self.scheduler.progressed(request_id, rows)
                job.entry.remaining = self.scheduler.remaining(request_id)

    def _deliver(self, pending: Sequence[Pending], ran: Ran) -> None:
        """Hands results to the pictures that asked; a request may fail while its batch is being delivered."""
        for row, result in zip(pending, ran.results, strict=True):
            picture = row.picture
            if self.roster.job_of(picture) is not None and picture.answer(row.id.row, result, len(pending)):
                self.pictures.answer(picture, tuple(picture.results))

    def _out_of_memory(self, batch: Batch[RowId], pending: Sequence[Pending], error: OutOfMemory) -> None:
        """Tries again with half the rows; a single row that does not fit fails its request."""
        if len(pending) == 1:
            self._fail(pending[0].id.request_id, error)
            return
        self.device.cap.out_of_memory(batch.key, len(pending))
        by_request: dict[str, list[RowId]] = {}
        for row in pending:
            by_request.setdefault(row.id.request_id, []).append(row.id)
        for request_id, ids in by_request.items():
            self.scheduler.ask(request_id, [(id_, batch.key) for id_ in ids], first=True)

    def _failed(self, pending: Sequence[Pending], error: Exception) -> None:
        """Fails the one request that the batch was of; of several, runs each row alone to find the guilty one."""
        requests = {row.id.request_id for row in pending}
        if len(requests) == 1:
            self._fail(requests.pop(), error)
        else:
            log.warning("a batch of %d rows failed, its rows are tried alone: %r", len(pending), error)
            self.rows.try_alone(pending)

    def _fail(self, request_id: str, error: Exception) -> None:
        self.pictures.fail(self.roster.jobs[request_id], error)
