"""What is known of one generation: its state, its events and its readers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from inference_svc.rpc.conversion import events
from inference_svc.rpc.generation.journal import Journal
from inference_svc.rpc.generation.subscription import Subscription
from latentwire.errors import LatentwireError, OutOfRange
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_NEXT: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        t.GENERATION_STATE_WAITING: frozenset(
            {
                t.GENERATION_STATE_RUNNING,
                t.GENERATION_STATE_SUCCEEDED,
                t.GENERATION_STATE_CANCELLED,
                t.GENERATION_STATE_FAILED,
            }
        ),
        t.GENERATION_STATE_RUNNING: frozenset(
            {t.GENERATION_STATE_SUCCEEDED, t.GENERATION_STATE_CANCELLED, t.GENERATION_STATE_FAILED}
        ),
        t.GENERATION_STATE_SUCCEEDED: frozenset(),
        t.GENERATION_STATE_CANCELLED: frozenset(),
        t.GENERATION_STATE_FAILED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class Birth:
    """What a record is made from: fixed for the generation's life.

    `images_before`: pictures that another server has sent already; `after_sequence`: what events are numbered after.
    """

    request_id: str
    order: int
    model: str
    image_count: int
    batch_count: int
    detach_grace_s: float = 0.0
    task: t.Task | None = None
    images_before: int = 0
    after_sequence: int = 0

    @property
    def task_id(self) -> str:
        """The task that it belongs to; empty: none."""
        return self.task.task_id if self.task else ""

    @property
    def owner(self) -> str:
        """Who asked, as far as told."""
        return self.task.owner if self.task else ""

    @property
    def task_kind(self) -> str:
        """What kind of job it is; empty: not told."""
        return self.task.kind if self.task else ""


@dataclass(slots=True, eq=False)
class Record:
    """One generation. Lives on the event loop's thread alone."""

    birth: Birth
    journal: Journal
    clock: Callable[[], float] = time.time
    on_readers: Callable[[Record], None] = lambda _: None
    on_weight: Callable[[Record], None] = lambda _: None
    on_end: Callable[[], None] = lambda: None
    state: t.GenerationState.ValueType = t.GENERATION_STATE_WAITING
    accept_time: float = 0.0
    start_time: float | None = None
    end_time: float | None = None
    error: LatentwireError | None = None
    stopping: bool = False
    held: bool = False
    images_done: int = 0
    preview_count: int = 0
    position: int | None = None
    progress: g.Progress | None = None
    preview: g.Preview | None = None
    readers: set[Subscription] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.accept_time = self.clock()

    @property
    def id(self) -> str:
        """The generation's id."""
        return self.birth.request_id

    @property
    def ended(self) -> bool:
        """True once nothing more can happen."""
        return self.end_time is not None

    @property
    def cancelled(self) -> bool:
        """True for one whose pictures are discarded."""
        return self.state == t.GENERATION_STATE_CANCELLED

    @property
    def unsent(self) -> int:
        """Pictures and resume points that the slowest attached reader has not got."""
        return max((reader.unsent for reader in self.readers), default=0)

    def add(self, message: g.GenerateImageResponse) -> None:
        """Makes an event: gives it its number, keeps it, hands it to every reader."""
        entry = self.journal.append(message)
        for reader in self.readers:
            reader.push(entry)
        self.images_done += entry.ends_result
        if entry.ends_picture or entry.has_state:
            self.on_weight(self)

    def move(self, state: t.GenerationState.ValueType) -> None:
        """Changes the state. Raises ValueError where the table has no such move, and changes nothing."""
        if state not in _NEXT[self.state]:
            names = t.GenerationState.Name(self.state), t.GenerationState.Name(state)
            raise ValueError(f"a generation can't go from {names[0]} to {names[1]}")
        self.state = state

    def started(self) -> None:
        """Its first work runs, and its readers are told."""
        self.move(t.GENERATION_STATE_RUNNING)
        self.start_time, self.position = self.clock(), None
        self.add(events.started(self.start_time))

    def end(self, state: t.GenerationState.ValueType, error: LatentwireError | None = None) -> None:
        """Nothing more comes: readers get what waits for them, then the error; of a cancelled one only the error."""
        self.move(state)
        self.end_time, self.error, self.position = self.clock(), error, None
        for reader in self.readers:
            reader.end(error, discard=self.cancelled)

    def attach(self, after_sequence: int = 0) -> Subscription:
        """Adds a reader, which begins with what is kept after a sequence number. Raises OutOfRange."""
        if not 0 <= after_sequence <= self.journal.last_sequence:
            newest = self.journal.last_sequence
            raise OutOfRange(f"after_sequence: {after_sequence} is not allowed; allowed: 0 to {newest}, the newest")
        reader = Subscription(self.journal.after(after_sequence), lambda: self.on_readers(self))
        if self.ended:
            reader.end(self.error, discard=self.cancelled)
        self.readers.add(reader)
        self.on_readers(self)
        return reader

    def detach(self, reader: Subscription) -> None:
        """Takes a reader away."""
        self.readers.discard(reader)
        self.on_readers(self)
