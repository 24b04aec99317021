"""The book of generations: those that wait or run, and those remembered for a while after their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from inference_svc.rpc.generation.journal import Journal
from inference_svc.rpc.generation.record import Birth, Record
from inference_svc.rpc.generation.tasks import Tasks
from latentwire.errors import AlreadyExists, Cancelled, LatentwireError, NotFound
from latentwire.v1 import types_pb2 as t

_MOST_UNSENT = 2


class Control(Protocol):
    """What the book asks of the engine."""

    def cancel(self, request_id: str, error: LatentwireError | None = None) -> bool: ...
    def hold(self, request_id: str) -> object: ...
    def release(self, request_id: str) -> object: ...


@dataclass(frozen=True, slots=True)
class BookSettings:
    """How long ended generations are remembered, and how many bytes all events together may take."""

    remember_s: float = 60.0
    most_bytes: int = 512 * 2**20


class Book:
    """All records by id, and the timers that let go of them. Lives on the event loop's thread alone."""

    def __init__(self, control: Control, settings: BookSettings | None = None) -> None:
        self._control = control
        self._settings = settings or BookSettings()
        self._records: dict[str, Record] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._order = 0
        self._left = asyncio.Event()
        self.tasks = Tasks()

    def __iter__(self) -> Iterator[Record]:
        """Every record, oldest first."""
        return iter(list(self._records.values()))

    def waiting(self) -> list[Record]:
        """Returns the records of those that wait, oldest first."""
        return [record for record in self if record.state == t.GENERATION_STATE_WAITING]

    def next_order(self) -> int:
        """Returns the next record's place in the order of acceptance."""
        self._order += 1
        return self._order

    def check_free(self, request_id: str) -> None:
        """Raises AlreadyExists, with the state in its metadata, for an id in use."""
        record = self._records.get(request_id)
        if record is not None:
            state = t.GenerationState.Name(record.state)
            raise AlreadyExists(f"request_id {request_id!r} is in use: {state}", metadata={"state": state})

    def open(self, birth: Birth) -> Record:
        """Begins a record. Raises AlreadyExists and Aborted, TASK_STOPPED."""
        self.check_free(birth.request_id)
        self.tasks.check(birth.task_id)
        journal = Journal(birth.request_id, birth.after_sequence)
        record = Record(birth, journal, on_readers=self._readers_changed, on_weight=self._grown)
        self._records[record.id] = record
        return record

    def discard(self, record: Record) -> None:
        """Takes back a record that the engine refused."""
        self._forget(record.id)

    def get(self, request_id: str) -> Record:
        """Returns a record. Raises NotFound."""
        if request_id not in self._records:
            raise NotFound(f"no generation {request_id!r} runs, waits or is remembered", reason="GENERATION_NOT_FOUND")
        return self._records[request_id]

    def of_task(self, task_id: str) -> list[Record]:
        """Returns a task's records. Raises NotFound where nothing has that id."""
        found = [record for record in self if task_id and record.birth.task_id == task_id]
        if not found and not self.tasks.stopped(task_id):
            raise NotFound(f"no generation of task {task_id!r} is known", reason="TASK_NOT_FOUND")
        return found

    def ended(self, record: Record) -> None:
        """Begins the time for which a record is remembered after its end."""
        self._set_timer(record.id, self._settings.remember_s, lambda: self._forget(record.id))
        self.trim()

    async def read_to_the_end(self, timeout_s: float) -> None:
        """Waits until no reader is attached any more, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while any(record.readers for record in self):
                    self._left.clear()
                    await self._left.wait()

    def trim(self) -> None:
        """Keeps memory in its bound: forgets ended records, the oldest first, then pictures that all readers have."""
        excess = sum(record.journal.size for record in self) - self._settings.most_bytes
        for shrink in _shrinkings(self, self._forget):
            if excess <= 0:
                return
            excess -= shrink()

    def _readers_changed(self, record: Record) -> None:
        self._pace(record)
        if not record.readers:
            self._left.set()
        if record.ended:
            return
        if record.readers:
            self._stop_timer(record.id)
        elif record.id not in self._timers:
            self._set_timer(record.id, record.birth.detach_grace_s, lambda: self._abandon(record))

    def _grown(self, record: Record) -> None:
        self._pace(record)
        self.trim()

    def _pace(self, record: Record) -> None:
        """Holds a generation whose pictures or resume points pile up, and lets it go on when they are taken."""
        held = record.unsent >= _MOST_UNSENT or (not record.readers and record.journal.size > self._settings.most_bytes)
        held = held and not record.ended
        if held != record.held:
            record.held = held
            (self._control.hold if held else self._control.release)(record.id)

    def _abandon(self, record: Record) -> None:
        self._stop_timer(record.id)
        self._control.cancel(record.id, Cancelled("nobody was attached any more", reason="DETACHED"))

    def _forget(self, request_id: str) -> None:
        self._stop_timer(request_id)
        self._records.pop(request_id, None)

    def _set_timer(self, request_id: str, delay_s: float, action: Callable[[], None]) -> None:
        self._stop_timer(request_id)
        if delay_s <= 0:
            action()
        else:
            self._timers[request_id] = asyncio.get_running_loop().call_later(delay_s, action)

    def _stop_timer(self, request_id: str) -> None:
        timer = self._timers.pop(request_id, None)
        if timer:
            timer.cancel()


def _shrinkings(records: Iterable[Record], forget: Callable[[str], None]) -> Iterator[Callable[[], int]]:
    """Yields ways to free memory, the least missed first; each returns the bytes it freed."""
    for record in records:
        if record.ended and not record.readers:
            yield lambda record=record: _forgotten(record, forget)  # type: ignore[misc]
    for record in records:
        yield lambda record=record: _thinned(record)  # type: ignore[misc]


def _forgotten(record: Record, forget: Callable[[str], None]) -> int:
    forget(record.id)
    return record.journal.size


def _thinned(record: Record) -> int:
    before = record.journal.size
    record.journal.drop_pictures(min((reader.taken for reader in record.readers), default=0))
    return before - record.journal.size
