"""Which rows run next. Holds ids, never tensors; the time comes in as an argument."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from inference_svc.engine.turns import Turns
from inference_svc.engine.urgency import is_urgent
from inference_svc.work import BatchKey, Kind

Id = TypeVar("Id", bound=Hashable)

_PATIENCE = 8
_IN_TURNS = 1  # of tiles, each as long as a step: they and the steps of others alternate


@dataclass(frozen=True, slots=True)
class Batch(Generic[Id]):
    """Rows that run together."""

    key: BatchKey
    rows: tuple[Id, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a job's turn depends on. `arrival`: the smaller the older. `evaluations`: rows left, estimated.

    `deadline`: on the clock of `schedule`; `key`: what `pace` knows the job by.
    """

    arrival: int
    evaluations: int
    priority: int = 0
    deadline: float | None = None
    key: BatchKey | None = None


@dataclass(slots=True, eq=False)
class _Job(Generic[Id]):
    terms: Terms
    remaining: int
    held: bool = False
    asks: dict[BatchKey, deque[list[Id]]] = field(default_factory=dict)

    def length(self) -> tuple[int, int]:
        return self.remaining, self.terms.arrival

    def take(self, key: BatchKey, most: int) -> list[Id]:
        """Takes the first ask of that key, or the part of it that fits."""
        asks = self.asks[key]
        taken, rest = asks[0][:most], asks[0][most:]
        if rest:
            asks[0] = rest
        else:
            asks.popleft()
        if not asks:
            del self.asks[key]
        return taken


class Scheduler(Generic[Id]):
    """Decides each tick's batch.

    Kinds in their order, so that finishing goes first; a kind passed over eight times in a row gets one tick, tiles to
    upscale when they were passed over once. Among
    the keys of the kind, ticks alternate between that of the oldest job and that of the one with the fewest rows left;
    beyond the batch's limit, slots do. Each kind and each key has its own turns: shared ones can fall into step with
    each other, and then the oldest waits for ever. Priority outranks both, and within a priority a job whose deadline
    is near.

    `limit(key, ready)`: the most rows of the next batch of that key. `pace(key)`: seconds per row, None if unknown.
    """

    def __init__(
        self,
        *,
        limit: Callable[[BatchKey, int], int],
        pace: Callable[[BatchKey | None], float | None] = lambda _: None,
        shortest_share: float = 0.5,
    ) -> None:
        self._limit = limit
        self._pace = pace
        self._share = shortest_share
        self._ticks = {kind: Turns(shortest_share) for kind in Kind}
        self._slots: dict[BatchKey, Turns] = {}
        self._jobs: dict[str, _Job[Id]] = {}
        self._passed: dict[Kind, int] = {}

    def enter(self, job: str, terms: Terms) -> None:
        """Adds a job."""
        self._jobs[job] = _Job(terms, max(1, terms.evaluations))

    def leave(self, job: str) -> None:
        """Forgets a job and its rows."""
        self._jobs.pop(job, None)

    def ask(self, job: str, rows: Iterable[tuple[Id, BatchKey]], *, first: bool = False) -> None:
        """Adds the rows of one ask, behind the job's others of the same key, or, put back, before them."""
        asks: dict[BatchKey, list[Id]] = {}
        for row, key in rows:
            asks.setdefault(key, []).append(row)
        for key, group in asks.items():
            queue = self._jobs[job].asks.setdefault(key, deque())
            queue.appendleft(group) if first else queue.append(group)

    def withdraw(self, job: str, rows: Sequence[Id]) -> None:
        """Forgets some of a job's rows."""
        gone, owner = set(rows), self._jobs[job]
        for key, asks in list(owner.asks.items()):
            left = [kept for ask in asks if (kept := [row for row in ask if row not in gone])]
            owner.asks[key] = deque(left)
            if not left:
                del owner.asks[key]

    def progressed(self, job: str, rows: int) -> None:
        """Counts rows of a job that are done; a job that outlives its estimate counts as nearly done."""
        self._jobs[job].remaining = max(1, self._jobs[job].remaining - rows)

    def remaining(self, job: str) -> int:
        """Returns how many rows a job has left, as estimated."""
        return self._jobs[job].remaining

    def hold(self, job: str, *, held: bool) -> None:
        """Passes a job over until it is let go."""
        self._jobs[job].held = held

    def schedule(self, now: float) -> Batch[Id] | None:
        """Returns the next batch and takes its rows out; None: nothing is ready."""
        jobs = [job for job in self._jobs.values() if job.asks and not job.held]
        if not jobs:
            self._slots.clear()
            return None
        jobs.sort(key=lambda job: job.terms.arrival)
        kind = self._kind({key.kind for job in jobs for key in job.asks})
        key = self._key([job for job in jobs if any(key.kind == kind for key in job.asks)], kind, now)
        return Batch(key, tuple(self._take([job for job in jobs if key in job.asks], key, now)))

    def _kind(self, ready: set[Kind]) -> Kind:
        """Returns the first kind, or one that has waited too long. Waiting is counted for kinds that are ready."""
        patient = {kind: self._passed.get(kind, 0) for kind in ready}
        tired = [kind for kind in sorted(ready) if patient[kind] >= _patience(kind)]
        chosen = tired[0] if tired else min(ready)
        self._passed = {kind: count + 1 for kind, count in patient.items() if kind != chosen}
        return chosen

    def _key(self, jobs: list[_Job[Id]], kind: Kind, now: float) -> BatchKey:
        rank = min(self._rank(job, now) for job in jobs)
        first = [job for job in jobs if self._rank(job, now) == rank]
        oldest, shortest = first[0], min(first, key=_Job.length)
        keys = [next(key for key in job.asks if key.kind == kind) for job in (oldest, shortest)]
        return keys[self._ticks[kind].next()] if keys[0] != keys[1] else keys[0]

    def _rank(self, job: _Job[Id], now: float) -> tuple[int, bool]:
        return -job.terms.priority, not self._urgent(job, now)

    def _urgent(self, job: _Job[Id], now: float) -> bool:
        deadline = job.terms.deadline
        return deadline is not None and is_urgent(deadline - now, self._pace(job.terms.key), job.remaining)

    def _take(self, jobs: list[_Job[Id]], key: BatchKey, now: float) -> list[Id]:
        ready = sum(len(ask) for job in jobs for ask in job.asks[key])
        limit = max(1, self._limit(key, ready))
        if ready <= limit:
            self._slots.pop(key, None)
            return [row for job in jobs for ask in job.asks.pop(key) for row in ask]
        taken: list[Id] = []
        for first in self._classes(jobs, now):
            self._fill(taken, first, key, limit)
        return taken

    def _classes(self, jobs: list[_Job[Id]], now: float) -> list[list[_Job[Id]]]:
        """Groups jobs by rank, the first rank first, each group oldest first."""
        groups: dict[tuple[int, bool], list[_Job[Id]]] = {}
        for job in jobs:
            groups.setdefault(self._rank(job, now), []).append(job)
        return [groups[rank] for rank in sorted(groups)]

    def _fill(self, taken: list[Id], jobs: list[_Job[Id]], key: BatchKey, limit: int) -> None:
        """Takes asks in turn from the oldest and from the shortest until the batch is full."""
        by_length, turns = sorted(jobs, key=_Job.length), self._slots.setdefault(key, Turns(self._share))
        while len(taken) < limit and (ready := [job for job in jobs if key in job.asks]):
            order = by_length if turns.next() else ready
            chosen = next(job for job in order if key in job.asks)
            taken += chosen.take(key, limit - len(taken))


def _patience(kind: Kind) -> int:
    return _IN_TURNS if kind is Kind.UPSCALE else _PATIENCE
