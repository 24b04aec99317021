"""Who waits and who runs: the one thing that all threads read and the engine thread keeps up to date."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from inference_svc.engine.clock import Clock
from inference_svc.engine.costs import Costs
from inference_svc.engine.request import Request
from inference_svc.engine.settings import EngineSettings
from latentwire.errors import AlreadyExists, DeadlineUnreachable, LatentwireError, QueueFull

_RETRY_S = 1.0
_LONGEST_RETRY_S = 60.0


@dataclass(slots=True, eq=False)
class Entry:
    """A request that is not over. `remaining`: rows left, estimated. `cancelled`: what it gets is to be discarded."""

    request: Request
    arrival: int
    remaining: int
    running: bool = False
    cancelled: bool = False

    @property
    def order(self) -> tuple[int, int]:
        """Smaller goes first."""
        return -self.request.priority, self.arrival


class Ledger:
    """Accepts or refuses requests at once, and knows where each stands."""

    def __init__(self, settings: EngineSettings, costs: Costs, clock: Clock) -> None:
        self._settings, self._costs, self._clock = settings, costs, clock
        self._changed = Condition()
        self._entries: dict[str, Entry] = {}
        self._arrivals = 0
        self._closed: Callable[[], LatentwireError] | None = None

    def accept(self, request: Request) -> Entry:
        """Adds a waiting request. Raises AlreadyExists, QueueFull, DeadlineUnreachable, or why nothing is accepted."""
        with self._changed:
            if self._closed is not None:
                raise self._closed()
            self._check_id(request)
            self._check_room(request)
            self._check_deadline(request)
            entry = Entry(request, self._arrivals, max(1, request.evaluations))
            self._arrivals += 1
            self._entries[request.request_id] = entry
            return entry

    def started(self, request_id: str) -> None:
        """Moves a request from waiting to running."""
        with self._changed:
            self._entries[request_id].running = True

    def ended(self, request_id: str) -> None:
        """Removes a request."""
        with self._changed:
            del self._entries[request_id]
            self._changed.notify_all()

    def close(self, why: Callable[[], LatentwireError]) -> None:
        """Accepts nothing from now on: raises what `why` makes instead."""
        with self._changed:
            self._closed = why

    def wait_idle(self, until: float) -> None:
        """Sleeps until nothing waits or runs, or until a moment."""
        with self._changed:
            while self._entries and self._clock.now() < until:
                self._clock.wait(self._changed, until)

    def cancel(self, request_id: str) -> bool:
        """Marks a request, so that what is in flight for it is discarded; returns whether it waits or runs."""
        with self._changed:
            entry = self._entries.get(request_id)
            if entry is not None:
                entry.cancelled = True
            return entry is not None

    def holds(self, request_id: str) -> bool:
        """Tells whether a request waits or runs."""
        with self._changed:
            return request_id in self._entries

    def counts(self) -> tuple[int, int]:
        """Returns how many requests wait and how many run."""
        with self._changed:
            running = sum(entry.running for entry in self._entries.values())
            return len(self._entries) - running, running

    def position(self, request_id: str) -> int | None:
        """Returns how many requests go before a waiting one; None: it doesn't wait."""
        with self._changed:
            entry = self._entries.get(request_id)
            if entry is None or entry.running:
                return None
            return sum(not other.running and other.order < entry.order for other in self._entries.values())

    def eta_s(self, request_id: str) -> float | None:
        """Returns the seconds to a request's end; None: nothing measured, or not here."""
        with self._changed:
            entry = self._entries.get(request_id)
            return None if entry is None else self._shared_s(entry, list(self._entries.values()))

    def start_eta_s(self, request_id: str) -> float | None:
        """Returns the seconds until a request begins; None: nothing measured, or not here."""
        with self._changed:
            entry = self._entries.get(request_id)
            if entry is None or entry.running:
                return None if entry is None else 0.0
            return self._start_s(entry)

    def _start_s(self, entry: Entry) -> float | None:
        """Takes it that running requests end in the order of what they have left, each letting one in."""
        running = [other for other in self._entries.values() if other.running]
        running.sort(key=lambda other: other.remaining)
        pictures = sum(other.request.pictures for other in running)
        if pictures < self._settings.max_running - self._settings.reserved:
            return 0.0
        ahead = [other for other in self._entries.values() if not other.running and other.order < entry.order]
        if len(ahead) < len(running):
            return self._shared_s(running[len(ahead)], running)
        times = [self._own_s(other) for other in (*running, *ahead)]
        return sum(time for time in times if time is not None) if any(times) else None

    def _check_id(self, request: Request) -> None:
        found = self._entries.get(request.request_id)
        if found is not None:
            state = "running" if found.running else "waiting"
            raise AlreadyExists(f"request_id {request.request_id!r} is {state}", metadata={"state": state})

    def _check_room(self, request: Request) -> None:
        waiting = [entry.request.pictures for entry in self._entries.values() if not entry.running]
        limits = self._settings
        if len(waiting) >= limits.max_waiting:
            raise self._full(f"{len(waiting)} requests wait, as many as may")
        if waiting and sum(waiting) + request.pictures > limits.max_waiting_pictures:
            raise self._full(f"{sum(waiting)} pictures wait and {limits.max_waiting_pictures} may")
        held = sum(entry.request.held_bytes for entry in self._entries.values())
        if held and request.held_bytes and held + request.held_bytes > limits.max_held_bytes:
            raise self._full(f"{held} bytes of pictures are held and {limits.max_held_bytes} may")

    def _full(self, message: str) -> QueueFull:
        """Says when to come back: what all of them need, over how many there are, is the time between two ends."""
        times = [time for entry in self._entries.values() if (time := self._own_s(entry)) is not None]
        mean = sum(times) / len(times) if times else _RETRY_S
        return QueueFull(f"{message}; try again later", retry_after_s=min(max(mean, 0.1), _LONGEST_RETRY_S))

    def _check_deadline(self, request: Request) -> None:
        """Refuses what could not be met even at the best pace ever seen, with nothing but what outranks it."""
        best = self._costs.best_s(request.key)
        if request.deadline is None or best is None:
            return
        left, own = request.deadline - self._clock.now(), best * request.evaluations
        before = [entry for entry in self._entries.values() if _outranks(entry.request, request)]
        needed = own + sum(min(own, (self._costs.best_s(entry.request.key) or 0) * entry.remaining) for entry in before)
        if needed > left:
            raise DeadlineUnreachable(
                f"{left:.1f} s are left and at least {needed:.1f} s are needed", retry_after_s=_RETRY_S
            )

    def _shared_s(self, entry: Entry, others: list[Entry]) -> float | None:
        """Takes it that all share the device evenly: each costs it no more than its own length."""
        own = self._own_s(entry)
        if own is None:
            return None
        times = [time for other in others if (time := self._own_s(other)) is not None]
        return sum(min(time, own) for time in times)

    def _own_s(self, entry: Entry) -> float | None:
        pace = self._costs.recent_s(entry.request.key)
        return None if pace is None else pace * entry.remaining


def _outranks(one: Request, other: Request) -> bool:
    """Tells whether one may be served before another: by priority, then by deadline."""
    if one.priority != other.priority:
        return one.priority > other.priority
    return one.deadline is not None and one.deadline <= (other.deadline or math.inf)
