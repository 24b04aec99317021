"""Whatever is asked of the engine in whatever order: every request that was accepted ends exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.engine import EngineSettings, Finished, Outcome, PictureDone, Started
from inference_svc.work import Array, BatchKey, Compute, DenoiseRow, Evaluate, Pipeline, Row, Stopped
from latentwire.errors import AlreadyExists, QueueFull
from tests.unit.inference_svc.engine.by_hand import ByHand
from tests.unit.inference_svc.engine.toys import Recorder, ToyRunner, decode_row, denoise_row, request

NAMES = st.sampled_from("abcd")
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), NAMES, st.integers(1, 4), st.integers(0, 6)),
        st.tuples(st.sampled_from(["cancel", "stop", "stop batch", "hold", "release"]), NAMES),
        st.tuples(st.just("tick"), st.integers(1, 4)),
    ),
    max_size=40,
)


class CountingRunner(ToyRunner):
    """Counts the evaluations of every request by the number in its rows; the 13th request's rows fail."""

    def __init__(self) -> None:
        super().__init__()
        self.evaluations: Counter[float] = Counter()

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Counts, then fails or runs."""
        numbers = [row.sigma for row in rows if isinstance(row, DenoiseRow)]
        self.evaluations.update(numbers)
        if any(number % 7 == 6 for number in numbers):
            raise ValueError("planned")
        return super().run(key, rows)


def picture(steps: int, number: int) -> Pipeline:
    """Every kind of ask."""
    try:
        for _ in range(steps):
            yield Compute(int)
            yield Evaluate((denoise_row(sigma=number), denoise_row(sigma=number, size=1 + number % 2)))
    except Stopped:
        pass
    yield Evaluate((decode_row(),))


@dataclass
class Session:
    """One run of actions, and what came of every request by its number."""

    runner: CountingRunner = field(default_factory=CountingRunner)
    accepted: dict[int, tuple[Recorder, int]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    cancelled: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = EngineSettings(max_waiting=3, max_running=4, reserved_share=0.5, max_batch_rows=5)
        self.engine = ByHand(self.runner, limits)

    def act(self, number: int, action: tuple[Any, ...]) -> None:
        """Does one action."""
        match action:
            case ("submit", name, pictures, steps):
                self._submit(number, name, pictures, steps)
            case ("tick", count):
                for _ in range(count):
                    self.engine.tick()
            case ("cancel", name):
                self._cancel(name)
            case ("stop" | "stop batch" as scope, name):
                self.engine.loop.stop(name, current_batch=scope == "stop batch")
            case (held, name):
                self.engine.loop.hold(name, held=held == "hold")

    def _submit(self, number: int, name: str, pictures: int, steps: int) -> None:
        listener, makers = Recorder(), (lambda: picture(steps, number),) * pictures
        try:
            self.engine.submit(request(name, batches=(makers[:2], makers[2:]), listener=listener))
        except (QueueFull, AlreadyExists):
            return
        self.accepted[number] = (listener, pictures)
        self.numbers[name] = number

    def _cancel(self, name: str) -> None:
        number = self.numbers.get(name)
        if number is not None and self.engine.ledger.holds(name):
            self.engine.cancel(name)
            self.cancelled[number] = self.runner.evaluations[number]


@given(actions=ACTIONS)
@settings(max_examples=80)
def test_every_accepted_request_ends_exactly_once_and_a_cancelled_one_evaluates_no_more(
    actions: list[tuple[Any, ...]],
) -> None:
    session = Session()
    for number, action in enumerate(actions):
        session.act(number, action)
    for name in "abcd":
        session.engine.loop.hold(name, held=False)
    session.engine.finish()
    assert session.engine.ledger.counts() == (0, 0)
    for listener, pictures in session.accepted.values():
        assert_told_well(listener, pictures)
    for number, evaluations in session.cancelled.items():
        assert session.runner.evaluations[number] == evaluations


def assert_told_well(listener: Recorder, pictures: int) -> None:
    *before, last = listener.events
    assert isinstance(last, Finished)
    assert not any(isinstance(event, Finished) for event in before)
    assert before == [] or isinstance(before[0], Started)
    assert (last.error is None) is (last.outcome in {Outcome.SUCCEEDED, Outcome.STOPPED})
    done = [event.picture for event in before if isinstance(event, PictureDone)]
    assert len(set(done)) == len(done)
    assert last.outcome is not Outcome.SUCCEEDED or sorted(done) == list(range(pictures))
