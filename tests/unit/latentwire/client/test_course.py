"""The course of a generation: which call comes next, whatever becomes of the connection."""

from __future__ import annotations

import pytest

from latentwire.client.course import Course
from latentwire.client.events import Completed, Queued, Reattached, Started
from latentwire.client.retrying import Deadline, Retries
from latentwire.errors import (
    AlreadyExists,
    Cancelled,
    LatentwireError,
    NotFound,
    OutOfMemory,
    QueueFull,
    Unavailable,
)
from latentwire.v1 import generation_service_pb2 as g

LOST = Unavailable("cut off", reason="CONNECTION_LOST", retry_after_s=1.0)
REQUEST = g.GenerateImageRequest(request_id="mine", prompt="red")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def course(clock: Clock | None = None, *, timeout_s: float | None = None, overload: bool = False) -> Course:
    clock = clock or Clock()
    retries, deadline = Retries(attempts=3, overload=overload), Deadline(timeout_s, clock)
    return Course(REQUEST, retries=retries, deadline=deadline, reattach_s=10.0, clock=clock)


def event(sequence: int, kind: str) -> g.GenerateImageResponse:
    response = g.GenerateImageResponse(request_id="mine", sequence=sequence)
    getattr(response, kind).SetInParent()
    return response


def watched(sequence: int, kind: str) -> g.WatchGenerationResponse:
    return g.WatchGenerationResponse(event=event(sequence, kind))


def begun(clock: Clock | None = None) -> Course:
    """A course with two events behind it."""
    one = course(clock)
    one.call()
    for number, kind in enumerate(("queued", "started"), 1):
        list(one.take(event(number, kind)))
    return one


def test_it_is_asked_for_first() -> None:
    method, request = course().call()
    assert (method.path, request) == ("/latentwire.v1.GenerationService/GenerateImage", REQUEST)


def test_its_events_are_typed_until_it_is_complete() -> None:
    one = course()
    one.call()
    kinds = [
        type(each) for n, kind in enumerate(("queued", "started", "completed"), 1) for each in one.take(event(n, kind))
    ]
    assert (kinds, one.ended) == ([Queued, Started, Completed], True)
    one.closed()


def test_a_lost_connection_is_answered_by_watching_after_the_last_event() -> None:
    one = begun()
    one.failed(LOST)
    method, request = one.call()
    assert method.path == "/latentwire.v1.GenerationService/WatchGeneration"
    assert request == g.WatchGenerationRequest(request_id="mine", after_sequence=2)


def test_the_first_event_after_a_loss_says_so() -> None:
    one = begun()
    one.failed(LOST)
    one.call()
    again, end = one.take(watched(3, "completed"))
    assert again == Reattached(lost="cut off", request_id="mine", sequence=2)
    assert isinstance(end, Completed)


def test_a_stream_that_ends_before_its_end_is_a_lost_connection() -> None:
    one = begun()
    with pytest.raises(Unavailable) as raised:
        one.closed()
    assert one.failed(raised.value) >= 0


def test_it_is_given_up_once_the_server_has_given_it_up() -> None:
    clock = Clock()
    one = begun(clock)
    one.failed(LOST)
    clock.now = 10.1
    one.call()
    with pytest.raises(Unavailable, match="cut off"):
        one.failed(LOST)
    assert not one.ended


def test_a_server_that_has_forgotten_it_has_lost_it() -> None:
    one = begun()
    one.failed(LOST)
    one.call()
    with pytest.raises(Unavailable, match="cut off"):
        one.failed(NotFound("no such generation"))


def test_an_error_of_the_generation_is_its_end() -> None:
    one = begun()
    with pytest.raises(Cancelled):
        one.failed(Cancelled("by somebody"))
    assert one.ended


def test_a_server_that_is_unavailable_is_asked_again_as_often_as_allowed() -> None:
    one, loading = course(), Unavailable("loading", reason="MODEL_LOADING", retry_after_s=2.0)
    for _ in range(2):
        one.call()
        assert 2.0 <= one.failed(loading) <= 2.4
    one.call()
    with pytest.raises(Unavailable):
        one.failed(loading)


@pytest.mark.parametrize(
    "error", [QueueFull("full", retry_after_s=1.0), OutOfMemory("none left"), AlreadyExists("in use"), NotFound("no")]
)
def test_what_is_refused_is_not_asked_for_again(error: LatentwireError) -> None:
    one = course()
    one.call()
    with pytest.raises(type(error)):
        one.failed(error)


def test_a_full_queue_is_tried_again_where_that_is_asked_for() -> None:
    one = course(overload=True)
    one.call()
    assert 1.0 <= one.failed(QueueFull("full", retry_after_s=1.0)) <= 1.2


def test_one_that_was_accepted_unheard_is_found_by_its_id() -> None:
    one = course()
    one.call()
    one.failed(LOST)
    assert one.call()[0].path.endswith("GenerateImage")
    assert one.failed(AlreadyExists("in use")) == 0.0
    method, request = one.call()
    assert method.path.endswith("WatchGeneration")
    assert request == g.WatchGenerationRequest(request_id="mine")
    assert [type(each) for each in one.take(watched(1, "queued"))] == [Queued]


def test_one_that_was_given_up_before_anybody_heard_of_it_is_lost() -> None:
    one = course()
    one.call()
    one.failed(LOST)
    one.failed(AlreadyExists("in use"))
    one.call()
    with pytest.raises(Unavailable, match="cut off"):
        one.failed(Cancelled("nobody was attached"))


def test_no_try_begins_after_the_deadline() -> None:
    one = course(timeout_s=0.9)
    one.call()
    with pytest.raises(Unavailable):
        one.failed(LOST)


def test_one_that_is_watched_is_attached_to_again() -> None:
    request = g.WatchGenerationRequest(request_id="mine", after_sequence=5)
    one = Course(request, retries=Retries(), deadline=Deadline(None), reattach_s=10.0)
    assert one.call()[1] == request
    list(one.take(watched(6, "started")))
    one.failed(LOST)
    assert one.call()[1] == g.WatchGenerationRequest(request_id="mine", after_sequence=6)
