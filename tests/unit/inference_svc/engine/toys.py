"""A clock that tests own, a runner that waits to be let go, and requests small enough to follow by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Event, Semaphore
from typing import Any

import numpy as np

from inference_svc.engine import Engine, EngineEvent, EngineSettings, Finished, Reported, Request
from inference_svc.engine.clock import Clock
from inference_svc.engine.request import PipelineFactory
from inference_svc.work import (
    Array,
    BatchInfo,
    BatchKey,
    DecodeRow,
    DenoiseRow,
    EncodePromptRow,
    Evaluate,
    Kind,
    ModelFacts,
    Pipeline,
    Report,
    Row,
    UpscaleRow,
)
from latentwire.errors import LatentwireError, NotFound

PATIENCE_S = 20
"""How long a test waits for another thread before it fails."""

FOREVER = 10**9
"""Steps of a picture that only ends when it is made to."""

KEY = BatchKey(Kind.DENOISE, "toy", (1, 2, 2), 77)


def denoise_row(value: float = 1.0, *, sigma: float = 1.0, size: int = 2, context: int = 77) -> DenoiseRow:
    """A row whose x holds one value."""
    x = np.full((1, 1, size, size), value, np.float32)
    return DenoiseRow("toy", x, sigma, np.zeros((1, context, 1), np.float32))


def decode_row() -> DecodeRow:
    """A row of another kind."""
    return DecodeRow("toy", np.zeros((1, 1, 2, 2), np.float32))


def tile_row() -> UpscaleRow:
    """A tile to upscale."""
    return UpscaleRow("toy", np.zeros((1, 3, 2, 2), np.float32))


def prompt_row() -> EncodePromptRow:
    """A row of yet another kind."""
    return EncodePromptRow("toy", np.zeros((1, 77), np.int64))


class FakeClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = 0.0
        self.on_sleep: Callable[[], object] = lambda: None
        self._sleepers: list[Condition] = []

    def now(self) -> float:
        """The moment that it was moved to."""
        return self._now

    def wait(self, condition: Condition, until: float | None) -> None:
        """Sleeps until notified, by others or by advance."""
        self._sleepers.append(condition)  # first: whoever advances from here on wakes it
        if until is None or self._now < until:
            self.on_sleep()
            condition.wait(PATIENCE_S)
        self._sleepers.remove(condition)

    def advance(self, seconds: float) -> None:
        """Moves on, and wakes whoever sleeps on it."""
        self._now += seconds
        for condition in list(self._sleepers):
            with condition:
                condition.notify_all()


class ToyRunner:
    """Halves each row's x. Gated, it waits before each batch until the test lets it go."""

    def __init__(self, *, gated: bool = False, clock: FakeClock | None = None, seconds: float = 1.0) -> None:
        self.batches: list[tuple[BatchKey, int]] = []
        self.rows: list[Row] = []
        self.fails: Callable[[BatchKey, Sequence[Row]], None] = lambda key, rows: None
        self.most_rows: int | None = None
        self._open = not gated
        self._entered, self._permits = Semaphore(0), Semaphore(0)
        self._clock, self._seconds = clock, seconds

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Returns x / 2 of each row, after what the test told it to wait for and to raise."""
        self.batches.append((key, len(rows)))
        self.rows.extend(rows)
        self._entered.release()
        if not self._open and not self._permits.acquire(timeout=PATIENCE_S):
            raise TimeoutError("the test never let the runner go")
        if self._clock is not None:
            self._clock.advance(self._seconds)
        self.fails(key, rows)
        return [row.x / 2 if isinstance(row, DenoiseRow) else np.zeros(1) for row in rows]

    def max_rows(self, key: BatchKey) -> int | None:
        """The limit that the test set."""
        return self.most_rows

    def facts(self, model: str) -> ModelFacts:
        """Knows none."""
        raise NotFound(f"no model {model!r}")

    def wait_entered(self) -> None:
        """Waits until the next batch is at the gate."""
        if not self._entered.acquire(timeout=PATIENCE_S):
            raise TimeoutError("no batch came")

    def allow(self, batches: int = 1) -> None:
        """Lets so many batches through."""
        self._permits.release(batches)

    def open(self) -> None:
        """Lets everything through from now on."""
        self._open = True
        self._permits.release(1000)


@dataclass
class Recorder:
    """A listener that remembers."""

    events: list[EngineEvent] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def __call__(self, event: EngineEvent) -> None:
        self.events.append(event)
        if isinstance(event, Finished):
            self.ended.set()

    def wait(self) -> Finished:
        """Waits for the end and returns it."""
        if not self.ended.wait(PATIENCE_S):
            raise TimeoutError("the request never ended")
        last = self.events[-1]
        if not isinstance(last, Finished):
            raise TypeError(f"{last} came after the end")
        return last

    @property
    def reports(self) -> list[Any]:
        """What the pipelines reported."""
        return [event.event for event in self.events if isinstance(event, Reported)]

    @property
    def kinds(self) -> list[str]:
        """The events' names."""
        return [type(event).__name__ for event in self.events]


def walk(steps: int = 1, *, rows: int = 1, value: float = 1.0, size: int = 2) -> PipelineFactory:
    """A picture of so many steps, each one ask of `rows` rows; reports the last value of every step."""

    def pipeline() -> Pipeline:
        x: Any = np.full((1, 1, size, size), value, np.float32)
        for _ in range(steps):
            results = yield Evaluate(tuple(_row(x, number) for number in range(rows)))
            x = results[0]
            info = yield Report(float(x.flat[0]))
            if not isinstance(info, BatchInfo):
                raise TypeError(info)

    return pipeline


def _row(x: Array, number: int) -> DenoiseRow:
    return DenoiseRow("toy", x, 1.0 + number, np.zeros((1, 77, 1), np.float32))


def request(request_id: str = "a", *pictures: PipelineFactory, listener: Any = None, **fields: Any) -> Request:
    """A request of one batch; `batches` in place of pictures for several."""
    batches = fields.pop("batches", (pictures or (walk(),),))
    fields.setdefault("evaluations", sum(map(len, batches)))
    return Request(request_id, batches, listener=listener or Recorder(), **fields)


@contextmanager
def running(
    runner: ToyRunner,
    settings: EngineSettings | None = None,
    *,
    clock: Clock | None = None,
    on_lost: Callable[[LatentwireError], None] = lambda _: None,
    metrics: Any = None,
) -> Iterator[Engine]:
    """An engine at work; afterwards every thread has been joined."""
    engine = Engine(runner, settings, clock=clock, metrics=metrics, on_lost=on_lost)
    engine.start()
    try:
        yield engine
    finally:
        runner.open()
        engine.shutdown()


def settled(engine: Engine) -> None:
    """Waits until the engine has handled every message left so far."""
    done = Event()
    if not (engine.between_ticks(done.set) and done.wait(PATIENCE_S)):
        raise TimeoutError("the engine did not come round")
