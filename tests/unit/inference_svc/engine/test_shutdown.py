"""Ending the engine."""

from __future__ import annotations

from threading import Event, Thread
from threading import enumerate as threads

import pytest

from inference_svc.engine import Engine, Outcome
from inference_svc.work import Compute, Pipeline
from latentwire.errors import Unavailable
from tests.unit.inference_svc.engine.toys import (
    FOREVER,
    PATIENCE_S,
    FakeClock,
    Recorder,
    ToyRunner,
    request,
    running,
    walk,
)


def engine_threads() -> set[Thread]:
    """Of every engine in this process; other tests' too."""
    return {thread for thread in threads() if thread.name.startswith("engine")}


def test_work_that_runs_may_finish_within_the_grace() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, clock=FakeClock()) as engine:
        engine.submit(request("a", walk(3), listener=listener))
        runner.wait_entered()
        engine.drain()
        runner.open()
        engine.shutdown(grace_s=1.0)
    assert listener.wait().outcome is Outcome.SUCCEEDED


def test_what_is_left_after_the_grace_is_cancelled_with_a_status() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, clock=FakeClock()) as engine:
        engine.submit(request("a", walk(FOREVER), listener=listener))
        runner.open()
        ending = Thread(target=engine.shutdown)
        ending.start()
        error = listener.wait().error
        ending.join(PATIENCE_S)
    assert isinstance(error, Unavailable)
    assert (listener.wait().outcome, error.reason) == (Outcome.CANCELLED, "DRAINING")


def test_the_grace_is_measured_by_the_engine_s_clock() -> None:
    clock, runner, listener = FakeClock(), ToyRunner(gated=True), Recorder()
    with running(runner, clock=clock) as engine:
        engine.submit(request("a", walk(FOREVER), listener=listener))
        runner.wait_entered()
        asleep = Event()
        clock.on_sleep = asleep.set
        ending = Thread(target=lambda: engine.shutdown(grace_s=5.0))
        ending.start()
        asleep.wait(PATIENCE_S)
        clock.advance(5.0)
        runner.open()
        assert listener.wait().outcome is Outcome.CANCELLED
        ending.join(PATIENCE_S)


def test_new_requests_are_refused_while_draining() -> None:
    with running(ToyRunner()) as engine:
        engine.drain()
        with pytest.raises(Unavailable) as refused:
            engine.submit(request("a"))
    assert (refused.value.reason, refused.value.retry_after_s) == ("DRAINING", 1.0)


def test_no_thread_is_left_behind() -> None:
    def pipeline() -> Pipeline:
        yield Compute(int)

    others, listener = engine_threads(), Recorder()
    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        listener.wait()
        own = engine_threads() - others
        assert {thread.name.split("_")[0] for thread in own} == {"engine", "engine-compute"}
    assert [thread for thread in own if thread.is_alive()] == []


def test_shutting_down_twice_or_before_the_start_is_harmless() -> None:
    engine = Engine(ToyRunner())
    engine.shutdown()
    engine.shutdown()
    assert engine.counts() == (0, 0)


def test_a_computation_in_flight_is_waited_for_and_its_result_dropped() -> None:
    begun, go_on, listener, others = Event(), Event(), Recorder(), engine_threads()

    def slow() -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    def pipeline() -> Pipeline:
        yield Compute(slow)

    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        begun.wait(PATIENCE_S)
        ending = Thread(target=engine.shutdown)
        ending.start()
        assert listener.wait().outcome is Outcome.CANCELLED
        go_on.set()
        ending.join(PATIENCE_S)
    assert engine_threads() <= others


def test_a_request_that_slips_past_the_refusal_is_refused_by_the_closed_inbox() -> None:
    engine = Engine(ToyRunner())
    engine.start()
    engine.shutdown()
    late = Engine.__new__(Engine)
    late.__dict__.update(engine.__dict__)
    late.__dict__["_ledger"] = Engine(ToyRunner()).__dict__["_ledger"]
    with pytest.raises(Unavailable, match="shutting down"):
        late.submit(request("a"))
    assert late.counts() == (0, 0)
