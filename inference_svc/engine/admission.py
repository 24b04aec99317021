"""Which request's next picture is begun when there is room for one more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request with a picture that could begin; `evaluations`: rows left, estimated."""

    request_id: str
    arrival: int
    priority: int
    evaluations: int


@dataclass(frozen=True, slots=True)
class Place:
    """Who gets it, and whether it is one of those reserved for short requests."""

    request_id: str
    reserved: bool


@dataclass(frozen=True, slots=True)
class Places:
    """How many pictures may run, and how many do: in places for all and in reserved ones."""

    open_limit: int
    reserved_limit: int
    open_used: int
    reserved_used: int

    def next(self, candidates: Sequence[Candidate], running: Sequence[int]) -> Place | None:
        """Returns who begins a picture next; `running`: evaluations left of every request that runs.

        A place for all goes to the highest priority, then to the oldest. A reserved one goes to the shortest of the
        highest priority, and only when it is shorter than half of those that run: among equals nobody jumps the queue,
        and the next short one finds a place.
        """
        if not candidates:
            return None
        priority = max(candidate.priority for candidate in candidates)
        first = [candidate for candidate in candidates if candidate.priority == priority]
        if self.open_used < self.open_limit:
            return Place(min(first, key=lambda candidate: candidate.arrival).request_id, reserved=False)
        shortest = min(first, key=lambda candidate: (candidate.evaluations, candidate.arrival))
        if self.reserved_used < self.reserved_limit and running and shortest.evaluations < median_low(running):
            return Place(shortest.request_id, reserved=True)
        return None
