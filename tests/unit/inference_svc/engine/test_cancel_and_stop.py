"""Ending early: cancel discards, stop returns what is there."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from inference_svc.engine import EngineSettings, Outcome, PictureDone, Started
from inference_svc.work import Compute, Evaluate, Pipeline, Report, Stopped
from latentwire.errors import Cancelled, Unavailable
from tests.unit.inference_svc.engine.by_hand import ByHand
from tests.unit.inference_svc.engine.toys import (
    PATIENCE_S,
    Recorder,
    ToyRunner,
    decode_row,
    denoise_row,
    request,
    running,
    settled,
    walk,
)


def stoppable(steps: int = 100) -> Pipeline:
    """Steps until it is stopped, then finishes with one more evaluation, as pipelines do."""
    done = 0
    try:
        for _ in range(steps):
            yield Evaluate((denoise_row(),))
            done += 1
    except Stopped:
        pass
    yield Evaluate((decode_row(),))
    yield Report(done)


def test_a_cancelled_request_gets_no_evaluation_after_the_one_in_flight() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", walk(100), listener=listener))
        runner.wait_entered()
        assert engine.cancel("a")
        runner.open()
        finished = listener.wait()
    assert (finished.outcome, type(finished.error)) == (Outcome.CANCELLED, Cancelled)
    assert len(runner.batches) == 1


def test_the_result_in_flight_is_discarded() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", walk(1), listener=listener))
        runner.wait_entered()
        engine.cancel("a")
        runner.open()
        listener.wait()
    assert listener.kinds == ["Started", "Finished"]


def test_a_waiting_request_is_cancelled_without_having_begun() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("running", walk(1)))
        runner.wait_entered()
        engine.submit(request("a", listener=listener))
        engine.cancel("a", Unavailable("gone"))
        runner.open()
        finished = listener.wait()
    assert (listener.kinds, type(finished.error)) == (["Finished"], Unavailable)


def test_cancelling_one_leaves_the_others_alone() -> None:
    runner, kept = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("first", walk(1)))
        runner.wait_entered()
        engine.submit(request("a", walk(2, value=3.0), listener=kept))
        engine.submit(request("b", walk(2)))
        engine.cancel("b")
        runner.open()
        assert kept.wait().outcome is Outcome.SUCCEEDED
    assert kept.reports == [1.5, 0.75]


@pytest.mark.parametrize("end", ["cancel", "stop", "hold", "release"])
def test_nobody_can_be_ended_who_is_not_there(end: str) -> None:
    with running(ToyRunner()) as engine:
        assert getattr(engine, end)("nobody") is False


@pytest.mark.parametrize("end", ["cancel", "stop", "hold", "release"])
def test_a_call_that_comes_as_the_request_ends_is_harmless(end: str) -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", listener=listener))
        runner.wait_entered()
        engine.cancel("a")
        assert getattr(engine, end)("a") is True
        runner.open()
        assert listener.wait().outcome is Outcome.CANCELLED
        settled(engine)
    assert listener.kinds.count("Finished") == 1


def test_a_pipeline_is_closed_when_its_request_is_cancelled() -> None:
    closed = Event()

    def pipeline() -> Pipeline:
        try:
            yield Evaluate((denoise_row(),))
            yield Evaluate((denoise_row(),))
        finally:
            closed.set()

    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        runner.wait_entered()
        engine.cancel("a")
        runner.open()
        listener.wait()
    assert closed.is_set()


def test_a_pipeline_that_refuses_to_close_does_not_stop_the_engine() -> None:
    def stubborn() -> Pipeline:
        while True:
            try:
                yield Evaluate((denoise_row(),))
            except GeneratorExit:
                yield Evaluate((denoise_row(),))

    runner, listener, other = ToyRunner(gated=True), Recorder(), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", stubborn, listener=listener))
        runner.wait_entered()
        engine.cancel("a")
        runner.open()
        listener.wait()
        engine.submit(request("b", listener=other))
        assert other.wait().outcome is Outcome.SUCCEEDED


def test_stopping_throws_into_every_picture_and_the_request_ends_well() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", batches=((stoppable, stoppable), (stoppable,)), listener=listener))
        runner.wait_entered()
        assert engine.stop("a")
        runner.open()
        finished = listener.wait()
    assert (finished.outcome, finished.error) == (Outcome.STOPPED, None)
    assert len(listener.reports) == 2


def test_stopping_the_current_batch_lets_the_next_one_begin() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", batches=((stoppable,), (lambda: stoppable(3),)), listener=listener))
        runner.wait_entered()
        engine.stop("a", current_batch=True)
        runner.open()
        finished = listener.wait()
    assert (finished.outcome, listener.reports) == (Outcome.STOPPED, [1, 3])


def test_a_picture_is_stopped_only_once() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", batches=((stoppable,), (stoppable,)), listener=listener))
        runner.wait_entered()
        engine.stop("a", current_batch=True)
        engine.stop("a")
        runner.open()
        finished = listener.wait()
    assert (finished.outcome, listener.reports) == (Outcome.STOPPED, [1])


def test_a_waiting_request_that_is_stopped_ends_with_nothing() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("running"))
        runner.wait_entered()
        engine.submit(request("a", listener=listener))
        engine.stop("a")
        runner.open()
        assert listener.wait().outcome is Outcome.STOPPED
    assert listener.kinds == ["Finished"]


def test_stopping_the_current_batch_of_a_waiting_request_skips_that_batch() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("running"))
        runner.wait_entered()
        engine.submit(request("a", batches=((walk(),), (walk(2),)), listener=listener))
        engine.stop("a", current_batch=True)
        runner.open()
        assert listener.wait().outcome is Outcome.STOPPED
    assert [event for event in listener.events if isinstance(event, PictureDone)] == [PictureDone(1, 1)]


def test_pictures_that_have_not_begun_are_left_out_when_stopped() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("a", stoppable, stoppable, listener=listener))
        runner.wait_entered()
        engine.stop("a")
        runner.open()
        listener.wait()
    assert listener.kinds == ["Started", "Reported", "PictureDone", "Finished"]


def test_a_pipeline_that_lets_the_stop_through_has_ended() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", walk(100), walk(100), listener=listener))
        runner.wait_entered()
        engine.stop("a")
        runner.open()
        assert listener.wait().outcome is Outcome.STOPPED


def test_stopping_fails_the_request_when_a_picture_fails_over_it() -> None:
    def breaks() -> Pipeline:
        try:
            yield Evaluate((denoise_row(),))
            yield Evaluate((denoise_row(),))
        except Stopped:
            raise ValueError("planned") from None

    runner, listener, other = ToyRunner(gated=True), Recorder(), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", breaks, stoppable, listener=listener))
        engine.submit(request("b", walk(3), listener=other))
        runner.wait_entered()
        engine.stop("a")
        runner.open()
        assert [listener.wait().outcome, other.wait().outcome] == [Outcome.FAILED, Outcome.SUCCEEDED]


def test_the_late_answer_to_an_abandoned_ask_is_not_taken_for_the_answer_to_the_next() -> None:
    def pipeline() -> Pipeline:
        try:
            yield Report((yield Compute(lambda: "late")))
        except Stopped:
            yield Report((yield Compute(lambda: "wanted")))

    engine, listener = ByHand(ToyRunner()), Recorder()
    engine.submit(request("a", pipeline, listener=listener))
    engine.loop.tick()
    engine.loop.stop("a", current_batch=False)
    engine.finish()
    assert listener.reports == ["wanted"]


@pytest.mark.parametrize("fails", [False, True])
def test_the_late_answer_to_an_abandoned_computation_is_ignored(fails: bool) -> None:
    begun, go_on = Event(), Event()

    def slow() -> int:
        begun.set()
        go_on.wait(PATIENCE_S)
        if fails:
            raise ValueError("planned")
        return 1

    def pipeline() -> Pipeline:
        try:
            yield Report((yield Compute(slow)))
        except Stopped:
            yield Report((yield Compute(lambda: 2)))

    listener = Recorder()
    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        begun.wait(PATIENCE_S)
        engine.stop("a")
        settled(engine)
        go_on.set()
        listener.wait()
        settled(engine)
    assert listener.reports == [2]


@pytest.mark.parametrize("end", ["cancel", "stop"])
def test_a_computation_that_waits_for_a_thread_is_not_begun_for_a_request_that_has_ended(end: str) -> None:
    begun, go_on, computed = Event(), Event(), []

    def slow() -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    def computes(function: Callable[[], object]) -> Pipeline:
        yield Compute(function)

    first, second = Recorder(), Recorder()
    with running(ToyRunner(), EngineSettings(compute_threads=1)) as engine:
        engine.submit(request("a", lambda: computes(slow), listener=first))
        begun.wait(PATIENCE_S)
        engine.submit(request("b", lambda: computes(lambda: computed.append("b")), listener=second))
        settled(engine)
        getattr(engine, end)("b")
        settled(engine)
        go_on.set()
        first.wait()
    assert computed == []


def test_a_computation_that_ends_after_its_request_is_ignored() -> None:
    begun, go_on = Event(), Event()

    def slow() -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    def pipeline() -> Pipeline:
        yield Compute(slow)

    listener, again = Recorder(), Recorder()
    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        begun.wait(PATIENCE_S)
        engine.cancel("a")
        listener.wait()
        engine.submit(request("a", walk(2), listener=again))
        go_on.set()
        assert again.wait().outcome is Outcome.SUCCEEDED


def test_a_held_request_gets_no_device_work_until_it_is_released() -> None:
    runner, held, other = ToyRunner(gated=True), Recorder(), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", walk(2), listener=held))
        runner.wait_entered()
        engine.hold("a")
        engine.submit(request("b", walk(3), listener=other))
        runner.open()
        other.wait()
        assert len(held.reports) == 1
        engine.release("a")
        assert held.wait().outcome is Outcome.SUCCEEDED


def test_a_listener_may_hold_its_own_request() -> None:
    runner, listener = ToyRunner(), Recorder()

    def listen(event: Any) -> None:
        listener(event)
        if isinstance(event, Started):
            engine.hold("a")

    with running(runner) as engine:
        engine.submit(request("a", walk(5), listener=listen))
        settled(engine)
        settled(engine)
        seen = len(runner.batches)
        settled(engine)
        assert (len(runner.batches), seen <= 1) == (seen, True)
        engine.release("a")
        listener.wait()


def test_a_request_that_is_held_before_it_begins_does_not_begin() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("running"))
        runner.wait_entered()
        engine.submit(request("a", listener=listener))
        engine.hold("a")
        runner.open()
        settled(engine)
        settled(engine)
        assert listener.events == []
        engine.release("a")
        assert listener.wait().outcome is Outcome.SUCCEEDED


def test_a_held_request_gives_its_place_to_another() -> None:
    runner, held, other = ToyRunner(gated=True), Recorder(), Recorder()
    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("a", walk(2), listener=held))
        runner.wait_entered()
        engine.submit(request("b", walk(2), listener=other))
        engine.hold("a")
        runner.open()
        other.wait()
        assert not held.ended.is_set()
        engine.release("a")
        held.wait()


def test_only_so_many_held_pictures_may_wait_beside_those_that_run() -> None:
    runner, listeners = ToyRunner(gated=True), [Recorder(), Recorder(), Recorder()]
    with running(runner, EngineSettings(max_running=1)) as engine:
        for name, listener in zip("abc", listeners, strict=True):
            engine.submit(request(name, walk(2), listener=listener))
        for name in "ab":
            runner.wait_entered()
            engine.hold(name)
            runner.allow()
        settled(engine)
        assert listeners[2].events == []
        engine.release("a")
        runner.open()
        engine.release("b")
        assert [listener.wait().outcome for listener in listeners] == [Outcome.SUCCEEDED] * 3


@pytest.mark.parametrize("end", [lambda engine: engine.cancel("a"), lambda engine: engine.stop("a")])
def test_a_held_request_can_be_ended(end: Callable[[Any], bool]) -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("a", walk(5), listener=listener))
        runner.wait_entered()
        engine.hold("a")
        end(engine)
        runner.open()
        assert listener.wait().outcome in {Outcome.CANCELLED, Outcome.STOPPED}
