"""What the engine thread keeps of a request and of its pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from inference_svc.engine.events import Outcome, RequestStats
from inference_svc.engine.ledger import Entry
from inference_svc.engine.request import ENDS, Request, State, moved
from inference_svc.work import Array, Kind, Pipeline


@dataclass(slots=True, eq=False)
class Picture:
    """One pipeline that runs. `ask` counts its asks, so that a late answer to an abandoned one is recognised."""

    request_id: str
    batch: int
    index: int
    pipeline: Pipeline
    reserved: bool
    stopped: bool = False
    ask: int = 0
    results: list[Array] = field(default_factory=list)
    missing: int = 0
    batch_rows: int = 0
    computing: Future[Any] | None = None

    def expect(self, rows: int) -> int:
        """Opens the next ask, of so many rows, and returns its number."""
        self.ask += 1
        self.results, self.missing = [None] * rows, rows
        return self.ask

    def give_up(self) -> None:
        """Spares the thread pool what it has not begun for this picture."""
        if self.computing is not None:
            self.computing.cancel()

    def answer(self, row: int, result: Array, batch_rows: int) -> bool:
        """Takes the result of one row; returns whether it was the last."""
        self.results[row] = result
        self.missing -= 1
        self.batch_rows = batch_rows
        return self.missing == 0


@dataclass(slots=True, eq=False)
class Timeline:
    """Splits a request's time without gap or overlap: each moment belongs to the device work that ended it."""

    begun: float
    mark: float | None = None
    last: Kind = Kind.DENOISE
    queue_s: float = 0.0
    seconds: dict[Kind, float] = field(default_factory=lambda: dict.fromkeys(Kind, 0.0))
    evaluations: int = 0
    row_total: int = 0

    def worked(self, kind: Kind, start: float, end: float) -> None:
        """Takes in that device work of the request ran."""
        if self.mark is None:
            self.queue_s, self.mark = start - self.begun, start
        self.seconds[kind] += end - self.mark
        self.mark, self.last = end, kind

    def evaluated(self, rows: int, batch_rows: int) -> None:
        """Takes in denoising rows and the size of the batch that they were in."""
        self.evaluations += rows
        self.row_total += rows * batch_rows

    def stats(self, now: float) -> RequestStats:
        """Closes the books: what is left belongs to the last kind of work, or to the queue."""
        if self.mark is None:
            self.queue_s = now - self.begun
        else:
            self.seconds[self.last] += now - self.mark
        return RequestStats(
            queue_s=self.queue_s,
            encode_s=self.seconds[Kind.ENCODE_IMAGE] + self.seconds[Kind.ENCODE_PROMPT],
            denoise_s=self.seconds[Kind.DENOISE],
            decode_s=self.seconds[Kind.DECODE] + self.seconds[Kind.UPSCALE],
            total_s=now - self.begun,
            evaluations=self.evaluations,
            mean_batch_rows=self.row_total / self.evaluations if self.evaluations else 0.0,
        )


@dataclass(slots=True, eq=False)
class Job:
    """A request in the engine: its state, the pictures to begin, and those that run."""

    entry: Entry
    timeline: Timeline
    state: State = State.WAITING
    batch: int = 0
    to_begin: deque[int] = field(default_factory=deque)
    running: dict[int, Picture] = field(default_factory=dict)
    stopped: bool = False
    held: bool = False

    def __post_init__(self) -> None:
        self.open_batch(0)

    @property
    def request(self) -> Request:
        """What was submitted."""
        return self.entry.request

    @property
    def counted(self) -> Kind:
        """The kind of rows that its evaluations are: what its key says, else denoising."""
        key = self.request.key
        return Kind.DENOISE if key is None else key.kind

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state not in (State.WAITING, State.RUNNING)

    @property
    def batch_ended(self) -> bool:
        """Whether no picture of the current batch runs or is still to begin."""
        return not self.running and not self.to_begin

    def open_batch(self, batch: int) -> None:
        """Makes a batch the current one, or, past the last, leaves nothing to begin."""
        self.batch = batch
        sizes = [len(pictures) for pictures in self.request.batches]
        first = sum(sizes[:batch])
        self.to_begin = deque(range(first, first + sum(sizes[batch : batch + 1])))

    @property
    def batches_left(self) -> int:
        """How many batches come after the current one."""
        return max(0, len(self.request.batches) - self.batch - 1)

    def begin(self, reserved: bool) -> Picture:
        """Begins the next picture of the current batch. Raises what its factory raises."""
        index = self.to_begin.popleft()
        first = sum(len(pictures) for pictures in self.request.batches[: self.batch])
        pipeline = self.request.batches[self.batch][index - first]()
        picture = Picture(self.request.request_id, self.batch, index, pipeline, reserved)
        self.running[index] = picture
        return picture

    def stop(self, current_batch: bool) -> Sequence[Picture]:
        """Gives up what has not begun, of the current batch or of all; returns the pictures to stop."""
        self.stopped = True
        self.to_begin.clear()
        if not current_batch:
            self.batch = len(self.request.batches)
        unstopped = [picture for picture in self.running.values() if not picture.stopped]
        for picture in unstopped:
            picture.stopped = True
        return unstopped

    def move(self, target: State) -> None:
        """Changes its state. Raises IllegalMove."""
        self.state = moved(self.state, target)

    def end(self, outcome: Outcome) -> None:
        """Changes its state to the one that the outcome ends in. Raises IllegalMove."""
        self.move(ENDS[outcome])
