"""Short requests among long ones, on a simulated device whose times were measured: a UNet of 192 x 128 on two cores."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import pytest

from inference_svc.engine import EngineSettings, Finished
from inference_svc.engine.events import EngineEvent
from inference_svc.work import Array, BatchKey, Evaluate, Kind, Pipeline, Row
from tests.unit.inference_svc.engine.by_hand import ByHand
from tests.unit.inference_svc.engine.toys import (
    KEY,
    FakeClock,
    ToyRunner,
    decode_row,
    denoise_row,
    prompt_row,
    request,
)

ROWS_PER_SECOND = {1: 150.0, 2: 199.0, 4: 226.0, 8: 244.0, 16: 249.0, 32: 262.0, 64: 262.0}
OTHER_S = 0.015
"""Of encoding prompts and of decoding, a row."""


class Simulated(ToyRunner):
    """Takes the measured time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._time = clock

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Runs, and moves the clock on."""
        size = next(size for size in ROWS_PER_SECOND if size >= len(rows))
        self._time.advance(len(rows) / ROWS_PER_SECOND[size] if key.kind is Kind.DENOISE else OTHER_S * len(rows))
        return super().run(key, rows)


def guided_picture(steps: int) -> Pipeline:
    """Two prompts, two rows a step, one decode."""
    yield Evaluate((prompt_row(), prompt_row()))
    for _ in range(steps):
        yield Evaluate((denoise_row(), denoise_row()))
    yield Evaluate((decode_row(),))


class Load:
    """Requests that come at their times, and how long each took."""

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.clock = FakeClock()
        self.engine = ByHand(Simulated(self.clock), settings, clock=self.clock)
        self.seconds: dict[int, list[float]] = {4: [], 50: []}
        self._count = 0

    def submit(self, steps: int, *, again: bool = False) -> None:
        """Submits a picture; `again` submits another as soon as it ends."""
        self._count += 1
        submitted = self.clock.now()

        def listen(event: EngineEvent) -> None:
            if isinstance(event, Finished):
                self.seconds[steps].append(self.clock.now() - submitted)
                if again:
                    self.engine.inbox.post(lambda: self.submit(steps, again=True))

        name, make = f"{steps} {self._count}", lambda: guided_picture(steps)
        self.engine.submit(request(name, make, evaluations=2 * steps, listener=listen, key=KEY))

    def run(self, short_every_s: float, until: float) -> None:
        """Ticks until a moment, with a short request now and then."""
        due = self.clock.now() + short_every_s
        while self.clock.now() < until:
            if self.clock.now() >= due:
                self.submit(4)
                due += short_every_s
            if not self.engine.tick():
                self.clock.advance(due - self.clock.now())


def unloaded_s() -> float:
    load = Load()
    load.run(1.0, until=10.0)
    return max(load.seconds[4])


def saturated(count: int = 8, settings: EngineSettings | None = None) -> Load:
    load = Load(settings)
    for _ in range(count):
        load.submit(50, again=True)
    load.run(1.0, until=25.0)
    return load


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


@pytest.fixture(scope="module")
def hybrid() -> Load:
    return saturated()


def test_short_requests_take_at_most_three_times_as_long_among_long_ones_that_saturate_the_device(hybrid: Load) -> None:
    assert p95(hybrid.seconds[4]) <= 3 * unloaded_s()


def test_long_requests_go_on_while_short_ones_pass_them(hybrid: Load) -> None:
    first_come = saturated(settings=EngineSettings(shortest_share=0.0))
    assert max(hybrid.seconds[50]) <= 1.5 * max(first_come.seconds[50])
    assert median(hybrid.seconds[4]) <= 0.5 * median(first_come.seconds[4])


def test_short_requests_pass_a_queue_of_long_ones_too() -> None:
    assert p95(saturated(count=60).seconds[4]) <= 3 * unloaded_s()
