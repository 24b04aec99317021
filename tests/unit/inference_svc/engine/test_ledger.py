"""Accepting and refusing, positions and times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference_svc.engine.costs import Costs
from inference_svc.engine.ledger import Ledger
from inference_svc.engine.settings import EngineSettings
from latentwire.errors import AlreadyExists, DeadlineUnreachable, QueueFull, Unavailable
from tests.unit.inference_svc.engine.toys import KEY, FakeClock, request, walk


def ledger(pace: float | None = None, **settings: int) -> Ledger:
    costs = Costs()
    for seconds in () if pace is None else (pace, pace):
        costs.measured(KEY, 1, seconds)
    return Ledger(EngineSettings(**settings), costs, FakeClock())


def accept(book: Ledger, *ids: str, run: bool = False, evaluations: int = 10, **fields: object) -> None:
    for request_id in ids:
        book.accept(request(request_id, evaluations=evaluations, key=KEY, **fields))
        if run:
            book.started(request_id)


def test_an_id_in_use_is_refused_and_says_in_which_state() -> None:
    book = ledger()
    accept(book, "a")
    with pytest.raises(AlreadyExists) as waiting:
        accept(book, "a")
    book.started("a")
    with pytest.raises(AlreadyExists) as running:
        accept(book, "a")
    assert [waiting.value.metadata["state"], running.value.metadata["state"]] == ["waiting", "running"]


def test_an_id_is_free_again_after_the_end() -> None:
    book = ledger()
    accept(book, "a")
    book.ended("a")
    accept(book, "a")
    assert book.counts() == (1, 0)


def test_more_waiting_requests_than_may_are_refused_at_once() -> None:
    book = ledger(max_waiting=2)
    accept(book, "a", run=True)
    accept(book, "b", "c")
    with pytest.raises(QueueFull, match="2 requests wait"):
        accept(book, "d")
    assert book.counts() == (2, 1)


def test_more_waiting_pictures_than_may_are_refused_but_one_request_alone_may_hold_more() -> None:
    book = ledger(max_waiting_pictures=3)
    accept(book, "a", batches=((walk(),) * 5,))
    with pytest.raises(QueueFull, match="5 pictures wait and 3 may"):
        accept(book, "b")


def test_more_bytes_than_may_be_held_are_refused_but_one_request_alone_may_hold_more() -> None:
    book = ledger(max_held_bytes=10)
    accept(book, "a", held_bytes=11, run=True)
    accept(book, "b")
    with pytest.raises(QueueFull, match="11 bytes of pictures are held and 10 may"):
        accept(book, "c", held_bytes=1)
    book.ended("a")
    accept(book, "c", held_bytes=6)
    accept(book, "d", held_bytes=4)
    assert book.counts() == (3, 0)


@pytest.mark.parametrize(("pace", "retry_after_s"), [(None, 1.0), (0.5, 5.0), (0.001, 0.1), (100.0, 60.0)])
def test_a_full_queue_says_when_to_come_back_from_the_measured_throughput(
    pace: float | None, retry_after_s: float
) -> None:
    book = ledger(pace, max_waiting=1)
    accept(book, "a")
    with pytest.raises(QueueFull) as refused:
        accept(book, "b")
    assert refused.value.retry_after_s == pytest.approx(retry_after_s)


def test_a_deadline_is_never_refused_before_the_key_was_measured() -> None:
    book = ledger()
    accept(book, "a", deadline=0.001)
    assert book.counts() == (1, 0)


def test_a_deadline_that_can_not_be_met_is_refused_at_once() -> None:
    book = ledger(1.0)
    with pytest.raises(DeadlineUnreachable, match=r"9\.0 s are left and at least 10\.0 s are needed"):
        accept(book, "a", deadline=9.0)
    accept(book, "a", deadline=10.0)


def test_what_goes_before_a_deadline_counts_against_it() -> None:
    book = ledger(1.0)
    accept(book, "important", priority=1)
    accept(book, "earlier", deadline=20.0)
    accept(book, "patient")
    with pytest.raises(DeadlineUnreachable, match=r"at least 30\.0 s"):
        accept(book, "a", deadline=29.0)
    accept(book, "more important", priority=2, deadline=11.0)


def test_what_goes_before_costs_no_more_than_its_own_length_and_nothing_unmeasured() -> None:
    book = ledger(1.0)
    accept(book, "long", priority=1, evaluations=1000)
    book.accept(request("unknown", evaluations=10, key=replace(KEY, model="other"), priority=1))
    with pytest.raises(DeadlineUnreachable, match=r"at least 20\.0 s"):
        accept(book, "a", deadline=15.0)


def test_a_closed_ledger_raises_why() -> None:
    book = ledger()
    book.close(lambda: Unavailable("gone", reason="DRAINING"))
    with pytest.raises(Unavailable, match="gone"):
        accept(book, "a")


def test_the_position_counts_those_that_go_before() -> None:
    book = ledger()
    accept(book, "running", run=True)
    accept(book, "a", "b")
    accept(book, "important", priority=1)
    positions = [book.position(request_id) for request_id in ("important", "a", "b", "running", "nobody")]
    assert positions == [0, 1, 2, None, None]


def test_times_are_unknown_before_anything_was_measured_and_for_strangers() -> None:
    book = ledger()
    accept(book, "a")
    assert [book.eta_s("a"), book.eta_s("nobody"), book.start_eta_s("nobody")] == [None, None, None]


def test_the_time_to_the_end_shares_the_device_evenly() -> None:
    book = ledger(1.0)
    accept(book, "long", evaluations=100)
    accept(book, "short", evaluations=10)
    assert [book.eta_s("short"), book.eta_s("long")] == [20.0, 110.0]


def test_a_request_starts_at_once_while_there_are_places() -> None:
    book = ledger(1.0)
    accept(book, "running", run=True)
    accept(book, "a")
    assert [book.start_eta_s("running"), book.start_eta_s("a")] == [0.0, 0.0]


def test_a_request_without_a_place_starts_when_enough_of_those_that_run_have_ended() -> None:
    book = ledger(1.0, max_running=2)
    accept(book, "short", run=True, evaluations=10)
    accept(book, "long", run=True, evaluations=50)
    accept(book, "first", "second", "third")
    times = [book.start_eta_s(request_id) for request_id in ("first", "second", "third")]
    assert times == [20.0, 60.0, 80.0]


def test_a_request_behind_all_others_has_no_time_while_nothing_was_measured() -> None:
    book = ledger(max_running=1)
    accept(book, "running", run=True)
    accept(book, "first", "second")
    assert [book.start_eta_s("first"), book.start_eta_s("second")] == [None, None]
