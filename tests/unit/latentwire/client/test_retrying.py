"""What is worth another try, and how much time is left."""

from __future__ import annotations

import pytest

from latentwire.client.readiness import Readiness
from latentwire.client.retrying import Deadline, Retries
from latentwire.errors import (
    ERRORS,
    DeadlineExceeded,
    DeadlineUnreachable,
    LatentwireError,
    QueueFull,
    Unauthenticated,
    Unavailable,
)


@pytest.mark.parametrize("kind", ERRORS)
def test_only_what_is_unavailable_is_repeated_by_itself(kind: type[LatentwireError]) -> None:
    pause = Retries().pause_s(kind("x", retry_after_s=0.1), 1)
    assert (pause is not None) == (kind is Unavailable)


@pytest.mark.parametrize("kind", ERRORS)
def test_what_was_refused_is_repeated_where_asked_and_told_when(kind: type[LatentwireError]) -> None:
    retries = Retries(overload=True)
    expected = kind in {Unavailable, QueueFull, DeadlineUnreachable}
    assert (retries.pause_s(kind("x", retry_after_s=0.1), 1) is not None) == expected
    assert (retries.pause_s(kind("x"), 1) is not None) == (kind is Unavailable)


def test_pauses_double_up_to_the_longest() -> None:
    retries = Retries(attempts=9, first_pause_s=1.0, longest_pause_s=4.0)
    pauses = [retries.pause_s(Unavailable("x"), tried) or 0 for tried in range(1, 6)]
    assert all(low <= pause <= 1.2 * low for low, pause in zip((1, 2, 4, 4, 4), pauses, strict=True))


def test_the_server_knows_better_when_to_come_back() -> None:
    pause = Retries().pause_s(Unavailable("x", retry_after_s=7.0), 1)
    assert pause is not None
    assert 7.0 <= pause <= 8.4


def test_a_deadline_counts_down_to_nothing() -> None:
    now = [0.0]
    deadline = Deadline(2.0, lambda: now[0])
    assert (deadline.left_s(), deadline.allows(1.9), deadline.allows(2.0)) == (2.0, True, False)
    now[0] = 3.0
    assert deadline.left_s() == 0.0


def test_no_deadline_allows_whatever_it_takes() -> None:
    assert (Deadline(None).left_s(), Deadline(None).allows(1e9)) == (None, True)


def test_a_server_is_looked_at_less_and_less_often() -> None:
    readiness = Readiness(Deadline(None))
    pauses = [readiness.failed(kind("x")) for kind in [Unavailable, DeadlineExceeded] * 4]
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_waiting_ends_with_what_kept_it_from_being_ready() -> None:
    with pytest.raises(Unavailable, match="not ready in time: loading"):
        Readiness(Deadline(0.0)).failed(Unavailable("loading"))


def test_what_waiting_cannot_cure_is_raised_at_once() -> None:
    with pytest.raises(Unauthenticated):
        Readiness(Deadline(None)).failed(Unauthenticated("who?"))


def test_one_look_takes_no_longer_than_is_left() -> None:
    assert Readiness(Deadline(2.0, lambda: 0.0)).patience_s() == 2.0
    assert Readiness(Deadline(None)).patience_s() == 5.0
