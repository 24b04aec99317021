"""Which request's next picture is begun when there is room for one more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low


@dataclass(frozen=True, slots=True)
class Contender:
    """A request that runs or could begin a picture; `evaluations`: rows left, estimated; `urgent`: by its deadline."""

    request_id: str
    arrival: int
    evaluations: int
    priority: int = 0
    urgent: bool = False

    @property
    def rank(self) -> tuple[int, bool]:
        """The larger goes first."""
        return self.priority, self.urgent


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

    def next(self, waiting: Sequence[Contender], running: Sequence[Contender]) -> Place | None:
        """Returns who begins a picture next; None: nobody may.

        A place for all goes to the highest rank, then to the oldest. A reserved one goes to the shortest of the highest
        rank, and only when it outranks all that run or is shorter than half of them: among equals nobody jumps the
        queue, and the next short one finds a place.
        """
        if not waiting:
            return None
        rank = max(contender.rank for contender in waiting)
        first = [contender for contender in waiting if contender.rank == rank]
        if self.open_used < self.open_limit:
            return Place(min(first, key=lambda contender: contender.arrival).request_id, reserved=False)
        shortest = min(first, key=lambda contender: (contender.evaluations, contender.arrival))
        if self.reserved_used < self.reserved_limit and _may_pass(shortest, running):
            return Place(shortest.request_id, reserved=True)
        return None


def _may_pass(contender: Contender, running: Sequence[Contender]) -> bool:
    """Held requests are not among those that run: when all are, there is nobody to pass."""
    if not running or contender.rank > max(other.rank for other in running):
        return True
    return contender.evaluations < median_low(other.evaluations for other in running)
