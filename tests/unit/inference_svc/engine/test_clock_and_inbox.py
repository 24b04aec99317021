"""Sleeping, and being woken."""

from __future__ import annotations

from threading import Condition, Thread

from inference_svc.engine.clock import MonotonicClock
from inference_svc.engine.inbox import Inbox, Message
from tests.unit.inference_svc.engine.toys import PATIENCE_S, FakeClock


def nothing() -> None:
    """A message."""


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = MonotonicClock()
    assert clock.now() <= clock.now()


def test_the_monotonic_clock_wakes_at_a_moment_that_has_come() -> None:
    clock, condition = MonotonicClock(), Condition()
    moment = clock.now() - 1
    with condition:
        clock.wait(condition, moment)
    assert clock.now() > moment


def test_the_monotonic_clock_sleeps_without_a_moment_until_it_is_notified() -> None:
    inbox, taken = Inbox(MonotonicClock()), list[Message]()
    reader = Thread(target=lambda: taken.extend(inbox.wait(None)))
    reader.start()
    inbox.post(nothing)
    reader.join(PATIENCE_S)
    assert taken == [nothing]


def test_messages_are_taken_in_the_order_they_were_left() -> None:
    inbox, seen = Inbox(FakeClock()), list[int]()
    inbox.post(lambda: seen.append(1))
    inbox.post(lambda: seen.append(2))
    for message in inbox.take():
        message()
    assert (seen, inbox.take()) == ([1, 2], [])


def test_waiting_ends_empty_handed_when_the_moment_has_come() -> None:
    assert Inbox(FakeClock()).wait(0.0) == []


def test_a_closed_inbox_gives_up_what_it_holds_and_takes_no_more() -> None:
    inbox = Inbox(FakeClock())
    inbox.post(nothing)
    assert (inbox.close(), inbox.post(nothing), inbox.take()) == ([nothing], False, [])
