"""What fails, and what goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from inference_svc.engine import DeviceLost, EngineSettings, Outcome
from inference_svc.engine.runner import Runner
from inference_svc.work import BatchKey, Compute, DenoiseRow, Evaluate, Pipeline, Report, Row, Stopped
from latentwire.errors import Internal, InvalidArgument, LatentwireError, OutOfMemory, Unavailable
from tests.unit.inference_svc.engine.toys import Recorder, ToyRunner, denoise_row, request, running, walk

POISON = 13.0


def poisoned(key: BatchKey, rows: Sequence[Row]) -> None:
    if any(isinstance(row, DenoiseRow) and row.x.flat[0] == POISON for row in rows):
        raise ValueError("planned")


def three(runner: ToyRunner, *middle: Any, settings: EngineSettings | None = None) -> list[Recorder]:
    """Runs three requests in shared batches, the second one with its own pictures; returns what they saw."""
    listeners = [Recorder() for _ in range(3)]
    with running(runner, settings) as engine:
        engine.submit(request("first", walk(1)))
        runner.wait_entered()
        engine.submit(request("a", walk(2, rows=2), listener=listeners[0]))
        engine.submit(request("b", *middle, listener=listeners[1]))
        engine.submit(request("c", walk(2), listener=listeners[2]))
        runner.open()
        for listener in listeners:
            listener.wait()
    return listeners


def outcomes(listeners: Sequence[Recorder]) -> list[Outcome]:
    return [listener.wait().outcome for listener in listeners]


GOOD_BAD_GOOD = [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.SUCCEEDED]


def test_the_guilty_row_of_a_failed_batch_fails_alone() -> None:
    runner = ToyRunner(gated=True)
    runner.fails = poisoned
    listeners = three(runner, walk(1), walk(1, value=POISON))
    assert outcomes(listeners) == GOOD_BAD_GOOD
    assert [rows for _, rows in runner.batches] == [1, 5, 1, 1, 1, 1, 1, 3]
    assert [listeners[0].reports, listeners[2].reports] == [[0.5, 0.25], [0.5, 0.25]]


def test_an_error_of_ours_is_told_without_its_traceback() -> None:
    runner = ToyRunner(gated=True)
    runner.fails = poisoned
    error = three(runner, walk(1, value=POISON))[1].wait().error
    assert (type(error), str(error)) == (Internal, "ValueError: planned")


def test_a_failed_batch_of_one_request_fails_it_at_once() -> None:
    runner, listener = ToyRunner(), Recorder()
    runner.fails = poisoned
    with running(runner) as engine:
        engine.submit(request("a", walk(1, rows=3, value=POISON), listener=listener))
        assert listener.wait().outcome is Outcome.FAILED
    assert len(runner.batches) == 1


def test_rows_to_be_tried_alone_are_dropped_with_their_request() -> None:
    runner, listeners = ToyRunner(gated=True), [Recorder(), Recorder()]
    runner.fails = lambda key, rows: poisoned(key, rows)
    with running(runner) as engine:
        engine.submit(request("first", walk(1)))
        runner.wait_entered()
        engine.submit(request("a", walk(1, value=POISON), walk(1), listener=listeners[0]))
        engine.submit(request("b", walk(1), listener=listeners[1]))
        runner.open()
        assert outcomes(listeners) == [Outcome.FAILED, Outcome.SUCCEEDED]
    assert [rows for _, rows in runner.batches] == [1, 3, 1, 1]


def test_rows_to_be_tried_alone_are_dropped_when_their_picture_is_stopped() -> None:
    def stoppable() -> Pipeline:
        try:
            yield Evaluate((denoise_row(),))
        except Stopped:
            yield Report("stopped")

    runner, listeners = ToyRunner(gated=True), [Recorder(), Recorder()]

    def fails_once(key: BatchKey, rows: Sequence[Row]) -> None:
        if len(rows) == 3:
            engine.stop("b")
            raise ValueError("planned")

    runner.fails = fails_once
    with running(runner) as engine:
        engine.submit(request("first", walk(1)))
        runner.wait_entered()
        engine.submit(request("a", walk(1, rows=2), listener=listeners[0]))
        engine.submit(request("b", stoppable, listener=listeners[1]))
        runner.open()
        assert outcomes(listeners) == [Outcome.SUCCEEDED, Outcome.STOPPED]
    assert [rows for _, rows in runner.batches] == [1, 3, 1, 1]


def test_a_pipeline_that_raises_fails_its_request_alone() -> None:
    def breaks() -> Pipeline:
        yield Evaluate((denoise_row(),))
        raise InvalidArgument.of("steps", 0, "1 to 150")

    listeners = three(ToyRunner(gated=True), breaks, walk(3))
    assert outcomes(listeners) == GOOD_BAD_GOOD
    assert type(listeners[1].wait().error) is InvalidArgument


def test_a_pipeline_that_can_not_be_made_fails_its_request_alone() -> None:
    def unmakeable() -> Pipeline:
        raise ValueError("planned")

    assert outcomes(three(ToyRunner(gated=True), unmakeable, walk(3))) == GOOD_BAD_GOOD


def test_a_row_without_a_key_fails_its_request_alone() -> None:
    def asks_nonsense() -> Pipeline:
        yield Evaluate((denoise_row(), DenoiseRow("toy", None, 1.0, None)))

    assert outcomes(three(ToyRunner(gated=True), asks_nonsense)) == GOOD_BAD_GOOD


def test_an_ask_that_is_none_fails_its_request_alone() -> None:
    def asks_nonsense() -> Pipeline:
        yield "please"  # type: ignore[misc]

    assert outcomes(three(ToyRunner(gated=True), asks_nonsense)) == GOOD_BAD_GOOD


def test_a_computation_that_raises_is_raised_in_its_pipeline() -> None:
    def careful() -> Pipeline:
        try:
            yield Compute(int, ("x",))
        except ValueError as error:
            yield Report(str(error))

    def careless() -> Pipeline:
        yield Compute(int, ("x",))

    listeners = three(ToyRunner(gated=True), careful, careless)
    assert outcomes(listeners) == GOOD_BAD_GOOD
    assert listeners[1].reports in ([], ["invalid literal for int() with base 10: 'x'"])


@pytest.mark.parametrize("count", [0, 2])
def test_a_runner_that_returns_too_few_or_too_many_results_has_failed(count: int) -> None:
    class Careless(ToyRunner):
        def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Any]:
            return [0] * count

    listener = Recorder()
    with running(Careless()) as engine:
        engine.submit(request("a", listener=listener))
        error = listener.wait().error
    assert str(error) == f"ValueError: the runner returned {count} results for 1 rows"


def test_out_of_memory_is_tried_again_with_half_the_rows() -> None:
    def too_many(key: BatchKey, rows: Sequence[Row]) -> None:
        if len(rows) > 2:
            raise OutOfMemory("planned")

    runner = ToyRunner(gated=True)
    runner.fails = too_many
    listeners = three(runner, walk(2))
    assert outcomes(listeners) == [Outcome.SUCCEEDED] * 3
    assert max(rows for _, rows in runner.batches[2:]) == 2


def test_a_single_row_that_does_not_fit_fails_its_request() -> None:
    def always(key: BatchKey, rows: Sequence[Row]) -> None:
        raise OutOfMemory("planned")

    runner, listener = ToyRunner(), Recorder()
    runner.fails = always
    with running(runner) as engine:
        engine.submit(request("a", walk(1, rows=2), listener=listener))
        finished = listener.wait()
    assert (finished.outcome, type(finished.error)) == (Outcome.FAILED, OutOfMemory)
    assert [rows for _, rows in runner.batches] == [2, 1]


def test_a_lost_device_fails_everything_and_says_so_once() -> None:
    def lost(key: BatchKey, rows: Sequence[Row]) -> None:
        raise DeviceLost("planned")

    runner, listeners, told = ToyRunner(gated=True), [Recorder(), Recorder()], list[LatentwireError]()
    runner.fails = lost
    with running(runner, EngineSettings(max_running=1), on_lost=told.append) as engine:
        engine.submit(request("a", listener=listeners[0]))
        runner.wait_entered()
        engine.submit(request("b", listener=listeners[1]))
        engine.between_ticks(lambda: None)
        runner.open()
        assert outcomes(listeners) == [Outcome.FAILED, Outcome.CANCELLED]
        with pytest.raises(Unavailable) as refused:
            engine.submit(request("c"))
    assert [error.reason for error in (*told, refused.value)] == ["DEVICE_LOST", "DEVICE_LOST"]


def test_a_lost_device_fails_those_that_the_engine_knows() -> None:
    def lost(key: BatchKey, rows: Sequence[Row]) -> None:
        if len(rows) == 2:
            raise DeviceLost("planned")

    runner, listeners = ToyRunner(gated=True), [Recorder(), Recorder()]
    runner.fails = lost
    with running(runner) as engine:
        engine.submit(request("first"))
        runner.wait_entered()
        for name, listener in zip("ab", listeners, strict=True):
            engine.submit(request(name, listener=listener))
        runner.open()
        errors = [listener.wait().error for listener in listeners]
    assert [(type(error), str(error)) for error in errors] == [(Unavailable, "the device is lost: planned")] * 2


def test_on_lost_may_fail() -> None:
    def lost(key: BatchKey, rows: Sequence[Row]) -> None:
        raise DeviceLost("planned")

    def fails(error: LatentwireError) -> None:
        raise ValueError("planned too")

    runner, listener = ToyRunner(), Recorder()
    runner.fails = lost
    with running(runner, on_lost=fails) as engine:
        engine.submit(request("a", listener=listener))
        assert listener.wait().outcome is Outcome.FAILED


def test_a_defect_of_the_engine_itself_leaves_nobody_waiting() -> None:
    class Broken(ToyRunner):
        def max_rows(self, key: BatchKey) -> int | None:
            raise RuntimeError("planned")

    listener, told = Recorder(), list[LatentwireError]()
    with running(Broken(), on_lost=told.append) as engine:
        engine.submit(request("a", listener=listener))
        finished = listener.wait()
    assert (finished.outcome, type(finished.error), len(told)) == (Outcome.FAILED, Internal, 1)


def test_a_listener_that_raises_is_logged_and_its_request_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    listener = Recorder()

    def raises(event: Any) -> None:
        listener(event)
        raise ValueError("planned")

    with caplog.at_level(logging.ERROR), running(ToyRunner()) as engine:
        engine.submit(request("a", listener=raises))
        assert listener.wait().outcome is Outcome.SUCCEEDED
    assert "listener of a failed on Started" in caplog.text


def test_a_toy_runner_is_a_runner() -> None:
    runner: Runner = ToyRunner()
    with pytest.raises(LatentwireError, match="no model 'x'"):
        runner.facts("x")
