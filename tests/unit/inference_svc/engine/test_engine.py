"""The life of a request in the engine."""

from __future__ import annotations

from threading import get_ident
from typing import Any

import pytest

from inference_svc.engine import (
    Engine,
    EngineSettings,
    Finished,
    Outcome,
    PictureDone,
    Reported,
    RequestStats,
    Started,
)
from inference_svc.work import BatchKey, Compute, Evaluate, Kind, Pipeline, Report
from latentwire.errors import AlreadyExists, DeadlineExceeded, DeadlineUnreachable, InvalidArgument, QueueFull
from tests.unit.inference_svc.engine.toys import (
    KEY,
    FakeClock,
    Recorder,
    ToyRunner,
    decode_row,
    denoise_row,
    prompt_row,
    request,
    running,
    settled,
    tile_row,
    walk,
)


def test_a_request_is_told_of_its_start_its_reports_its_pictures_and_its_end() -> None:
    listener = Recorder()
    with running(ToyRunner(), clock=FakeClock()) as engine:
        engine.submit(request("a", walk(2), listener=listener))
        listener.wait()
    stats = RequestStats(0.0, 0.0, 0.0, 0.0, 0.0, evaluations=2, mean_batch_rows=1.0)
    assert listener.events == [
        Started(),
        Reported(0, 0, 0.5, 1),
        Reported(0, 0, 0.25, 1),
        PictureDone(0, 0),
        Finished(Outcome.SUCCEEDED, None, stats),
    ]


def test_the_listener_is_called_on_the_one_engine_thread() -> None:
    threads, listener = set[int](), Recorder()

    def listen(event: Any) -> None:
        threads.add(get_ident())
        listener(event)

    with running(ToyRunner()) as engine:
        engine.submit(request("a", walk(2), listener=listen))
        listener.wait()
    assert len(threads) == 1
    assert get_ident() not in threads


def test_a_batch_begins_when_all_pictures_of_the_one_before_have_ended() -> None:
    listener, runner = Recorder(), ToyRunner()
    with running(runner) as engine:
        engine.submit(request("a", batches=((walk(2), walk(1)), (), (walk(1),)), listener=listener))
        listener.wait()
    done = [event for event in listener.events if isinstance(event, PictureDone)]
    assert done == [PictureDone(0, 1), PictureDone(0, 0), PictureDone(2, 2)]


def test_rows_of_different_requests_share_a_batch() -> None:
    runner, listeners = ToyRunner(gated=True), [Recorder(), Recorder(), Recorder()]
    with running(runner) as engine:
        engine.submit(request("first", walk(1), listener=listeners[0]))
        runner.wait_entered()
        engine.submit(request("a", walk(1), listener=listeners[1]))
        engine.submit(request("b", walk(1, rows=2), listener=listeners[2]))
        runner.open()
        stats = [listener.wait().stats for listener in listeners]
    assert runner.batches == [(KEY, 1), (KEY, 3)]
    assert [stat.mean_batch_rows for stat in stats] == [1.0, 3.0, 3.0]


def test_an_ask_beyond_the_cap_is_answered_when_all_its_rows_are_back() -> None:
    runner, listener = ToyRunner(), Recorder()
    with running(runner, EngineSettings(max_batch_rows=2)) as engine:
        engine.submit(request("a", walk(1, rows=5), listener=listener))
        listener.wait()
    assert ([rows for _, rows in runner.batches], listener.reports) == ([2, 2, 1], [0.5])


def test_a_runner_s_own_limit_bounds_the_batch() -> None:
    runner, listener = ToyRunner(), Recorder()
    runner.most_rows = 1
    with running(runner) as engine:
        engine.submit(request("a", walk(1, rows=2), listener=listener))
        listener.wait()
    assert [rows for _, rows in runner.batches] == [1, 1]


def test_results_come_in_the_order_asked_whatever_batches_they_were_in() -> None:
    answers: list[list[float]] = []

    def pipeline() -> Pipeline:
        rows = (denoise_row(2.0), denoise_row(4.0, context=154), denoise_row(6.0))
        results = yield Evaluate(rows)
        answers.append([float(result.flat[0]) for result in results])

    listener = Recorder()
    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        listener.wait()
    assert answers == [[1.0, 2.0, 3.0]]


def test_an_ask_for_no_rows_is_answered_at_once() -> None:
    def pipeline() -> Pipeline:
        yield Report((yield Evaluate(())))

    listener = Recorder()
    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        listener.wait()
    assert listener.reports == [()]


def test_computation_runs_beside_the_engine_thread_and_its_result_comes_back() -> None:
    def pipeline() -> Pipeline:
        thread, result = yield Compute(lambda number: (get_ident(), number + 1), (1,))
        yield Report((get_ident(), thread))
        yield Report(result)

    listener = Recorder()
    with running(ToyRunner()) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        listener.wait()
    threads, result = listener.reports
    assert (len(set(threads)), result) == (2, 2)


def test_finishing_and_encoding_go_before_denoising() -> None:
    def encodes() -> Pipeline:
        yield Evaluate((prompt_row(),))

    def decodes() -> Pipeline:
        yield Evaluate((decode_row(),))

    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner) as engine:
        engine.submit(request("first", walk(1)))
        runner.wait_entered()
        engine.submit(request("a", walk(1), encodes, decodes, listener=listener))
        runner.open()
        listener.wait()
    assert [key.kind for key, _ in runner.batches[1:]] == [Kind.DECODE, Kind.ENCODE_PROMPT, Kind.DENOISE]


def test_time_is_split_among_the_kinds_of_work() -> None:
    def pipeline() -> Pipeline:
        for row in (prompt_row(), denoise_row(), denoise_row(), decode_row()):
            yield Evaluate((row,))

    clock, listener = FakeClock(), Recorder()
    with running(ToyRunner(clock=clock), clock=clock) as engine:
        engine.submit(request("a", pipeline, listener=listener))
        stats = listener.wait().stats
    assert stats == RequestStats(0.0, 1.0, 2.0, 1.0, 4.0, evaluations=2, mean_batch_rows=1.0)


def test_a_full_queue_refuses_at_once_and_goes_on_serving() -> None:
    runner, listener = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_waiting=1, max_running=1)) as engine:
        engine.submit(request("running"))
        runner.wait_entered()
        engine.submit(request("waiting", listener=listener))
        with pytest.raises(QueueFull) as refused:
            engine.submit(request("refused"))
        runner.open()
        assert listener.wait().outcome is Outcome.SUCCEEDED
    assert refused.value.retry_after_s == 1.0


def test_an_id_in_use_is_refused() -> None:
    runner = ToyRunner(gated=True)
    with running(runner) as engine:
        engine.submit(request("a"))
        with pytest.raises(AlreadyExists):
            engine.submit(request("a"))


def test_a_request_without_pictures_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="at least one picture"):
        Engine(ToyRunner()).submit(request("a", batches=((),)))


def test_positions_counts_and_times_follow_the_requests() -> None:
    clock = FakeClock()
    runner, listener = ToyRunner(gated=True, clock=clock), Recorder()
    with running(runner, EngineSettings(max_running=1), clock=clock) as engine:
        engine.submit(request("a", walk(4), key=KEY, evaluations=4))
        runner.wait_entered()
        engine.submit(request("b", walk(2), key=KEY, evaluations=2, listener=listener))
        assert [engine.position("a"), engine.position("b"), engine.counts()] == [None, 0, (1, 1)]
        assert [engine.eta_s("b"), engine.start_eta_s("b")] == [None, None]
        for _ in range(2):
            runner.allow()
            runner.wait_entered()
        assert [engine.eta_s("a"), engine.eta_s("b"), engine.start_eta_s("b")] == [4.0, 4.0, 2.0]
        runner.open()
        listener.wait()
        assert [engine.now(), engine.counts(), engine.batch_cap(KEY)] == [6.0, (0, 0), 8]


def test_tiles_are_counted_where_they_are_what_a_request_is_measured_by() -> None:
    def tiles() -> Pipeline:
        for _ in range(4):
            yield Evaluate((tile_row(),))

    clock = FakeClock()
    runner = ToyRunner(gated=True, clock=clock)
    with running(runner, clock=clock) as engine:
        engine.submit(request("a", tiles, key=tile_row().key, evaluations=4))
        for _ in range(2):
            runner.wait_entered()
            runner.allow()
        runner.wait_entered()
        assert engine.eta_s("a") == 2.0


def test_a_deadline_that_passes_ends_the_request_before_its_next_evaluation() -> None:
    clock, listener = FakeClock(), Recorder()
    runner = ToyRunner(clock=clock)
    with running(runner, clock=clock) as engine:
        engine.submit(request("a", walk(10), listener=listener, deadline=2.5, key=KEY))
        finished = listener.wait()
    assert (type(finished.error).__name__, len(runner.batches)) == ("DeadlineExceeded", 3)


def test_a_deadline_is_seen_by_an_engine_that_sleeps() -> None:
    clock, listener, runner = FakeClock(), Recorder(), ToyRunner(gated=True)
    with running(runner, clock=clock) as engine:
        engine.submit(request("a", walk(2), listener=listener, deadline=5.0))
        runner.wait_entered()
        engine.hold("a")
        runner.allow()
        settled(engine)
        clock.advance(6.0)
        assert type(listener.wait().error) is DeadlineExceeded


def test_a_deadline_out_of_reach_is_refused_once_the_key_was_measured() -> None:
    clock, listener = FakeClock(), Recorder()
    with running(ToyRunner(clock=clock), clock=clock) as engine:
        engine.submit(request("a", walk(2), listener=listener, key=KEY))
        listener.wait()
        with pytest.raises(DeadlineUnreachable):
            engine.submit(request("b", walk(9), key=KEY, evaluations=9, deadline=engine.now() + 8.0))


def test_waiting_requests_begin_oldest_first_when_places_come_free() -> None:
    runner, listeners = ToyRunner(gated=True), [Recorder(), Recorder()]
    begun: list[str] = []

    def named(name: str) -> Pipeline:
        begun.append(name)
        yield Evaluate((denoise_row(),))

    with running(runner, EngineSettings(max_running=1)) as engine:
        engine.submit(request("first"))
        runner.wait_entered()
        engine.submit(request("a", lambda: named("a"), listener=listeners[0]))
        engine.submit(request("b", lambda: named("b"), listener=listeners[1]))
        runner.open()
        for listener in listeners:
            listener.wait()
    assert begun == ["a", "b"]


def test_a_short_request_gets_in_while_long_ones_hold_every_other_place() -> None:
    runner, short = ToyRunner(gated=True), Recorder()
    with running(runner, EngineSettings(max_running=4, reserved_share=0.25)) as engine:
        for number in range(6):
            engine.submit(request(f"long{number}", walk(50), evaluations=50))
        runner.wait_entered()
        engine.submit(request("short", walk(2), evaluations=2, listener=short))
        runner.allow(6)
        short.wait()
        assert engine.counts()[0] == 3
        for number in range(6):
            engine.cancel(f"long{number}")


def test_an_unknown_key_has_the_cap_of_the_unknown() -> None:
    assert Engine(ToyRunner()).batch_cap(BatchKey(Kind.DENOISE, "other", (1,))) == 8


def test_a_function_between_two_ticks_runs_on_the_engine_thread_and_may_fail() -> None:
    listener, threads = Recorder(), list[int]()

    def fails() -> None:
        threads.append(get_ident())
        raise ValueError("planned")

    with running(ToyRunner()) as engine:
        assert engine.between_ticks(fails)
        engine.submit(request("a", listener=listener))
        assert listener.wait().outcome is Outcome.SUCCEEDED
    assert threads != [get_ident()]
    assert not engine.between_ticks(fails)
