from __future__ import annotations

from typing import Any

import pytest

from gateway_svc.inference.course import FURTHER_ON, Course
from latentwire.errors import FailedPrecondition
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

PLENTY = 2**20


def course(resume_every: int = 5, most_bytes: int = PLENTY, **fields: Any) -> Course:
    return Course(gs.GenerateImageRequest(prompt="x", **fields), resume_every, most_bytes)


def accepted(seed: int = 7, digest: str = "d", **fields: Any) -> gs.GenerateImageResponse:
    resolved = gs.GenerateImageRequest(prompt="x", model="m", noise=types.NoiseSpec(seed=seed), **fields)
    return gs.GenerateImageResponse(accepted=gs.Accepted(resolved=resolved, model_digest=digest))


def step(number: int, *delivered: int, point: bool = False, count: int = 20) -> gs.GenerateImageResponse:
    progress = gs.Progress(step=number, step_count=count)
    if point:
        progress.resume_point.version = 1
        for index in delivered:
            progress.resume_point.pictures.add(index=index, stage=types.PICTURE_STAGE_DELIVERED)
    return gs.GenerateImageResponse(progress=progress)


def chunk(
    index: int, *, last: bool, kind: types.ImageKind.ValueType = types.IMAGE_KIND_RESULT
) -> gs.GenerateImageResponse:
    return gs.GenerateImageResponse(image=types.ImageChunk(index=index, last=last, kind=kind))


def test_the_service_is_asked_for_every_step_and_for_points() -> None:
    request = course(resume_every=3).next_request("id")
    assert (request.request_id, request.events.progress_every, request.events.resume_every) == ("id", 1, 3)


def test_before_it_is_accepted_the_request_is_repeated_as_it_came() -> None:
    again = course()
    again.lost()
    assert not again.next_request("id").noise.HasField("seed")


def test_once_it_is_accepted_nothing_is_left_to_chance() -> None:
    again = course()
    again.take(accepted(seed=9))
    request = again.next_request("id")
    assert (request.noise.seed, request.model, request.HasField("resume_from")) == (9, "m", False)


def test_it_goes_on_from_the_newest_point() -> None:
    again = course()
    for event in (accepted(), step(1), step(2, point=True), step(3)):
        again.take(event)
    assert again.next_request("id").resume_from.version == 1
    assert (again.resumed(), again.resumed()) == (1, 0)


def test_the_next_ones_events_are_numbered_beyond_all_that_anybody_may_have() -> None:
    again = course(events=gs.EventOptions(progress_every=0))
    for sequence, event in ((1, accepted()), (9, step(1)), (4, step(2))):
        event.sequence = sequence
        again.take(event)
    assert again.next_request("id").events.after_sequence == 9 + FURTHER_ON


def test_what_its_caller_numbers_events_after_holds_for_the_first_one() -> None:
    assert course(events=gs.EventOptions(after_sequence=6)).next_request("id").events.after_sequence == 6
    assert course().next_request("id").events.after_sequence == 0


def test_without_its_point_every_step_is_made_again() -> None:
    again = course()
    for event in (accepted(), step(1), step(2, point=True), step(3)):
        again.take(event)
    again.forget_point()
    assert again.resumed() == 3


def test_a_point_that_leaves_out_a_picture_which_has_not_come_is_not_used() -> None:
    again = course()
    for event in (accepted(), chunk(0, last=False), step(5, 0, point=True)):
        again.take(event)
    assert not again.has_point
    again.take(chunk(0, last=True))
    again.take(step(6, 0, point=True))
    assert again.has_point


def test_a_point_that_makes_the_request_too_large_is_left_out() -> None:
    again = course(most_bytes=40)
    again.take(accepted())
    again.take(step(5, *range(100), point=True))
    assert not again.next_request("id").HasField("resume_from")


def test_a_caller_that_goes_on_from_a_point_himself_keeps_it_until_there_is_a_newer_one() -> None:
    own = types.ResumePoint(version=8, pictures=[types.PictureResume(index=0, stage=types.PICTURE_STAGE_DELIVERED)])
    again = course(resume_from=own)
    again.take(accepted())
    assert again.next_request("id").resume_from == own
    again.take(step(5, 0, point=True))
    assert again.next_request("id").resume_from.version == 1
    again.forget_point()
    assert not again.next_request("id").HasField("resume_from")


def test_input_pictures_are_put_back() -> None:
    init = gs.InitImage(images=[types.Image(data=b"a"), types.Image(data=b"b")])
    again = course(init=init, inpaint=gs.Inpaint(mask=types.Image(data=b"m")))
    again.take(accepted(init=gs.InitImage(strength=0.5), inpaint=gs.Inpaint(blur_x=3)))
    request = again.next_request("id")
    assert ([image.data for image in request.init.images], request.init.strength) == ([b"a", b"b"], 0.5)
    assert (request.inpaint.mask.data, request.inpaint.blur_x) == (b"m", 3)


@pytest.mark.parametrize(("every", "seen"), [(0, []), (2, [2, 4, 5]), (None, [1, 2, 3, 4, 5])])
def test_the_caller_sees_the_steps_that_he_asked_for(every: int | None, seen: list[int]) -> None:
    events = gs.EventOptions() if every is None else gs.EventOptions(progress_every=every)
    one = course(events=events)
    shown = [one.take(step(number, point=number == 4, count=5)) for number in range(1, 6)]
    assert [event.progress.step for event in shown if event] == seen
    assert not any(event.progress.HasField("resume_point") for event in shown if event)


def test_the_caller_gets_the_points_that_he_asked_for() -> None:
    one = course(events=gs.EventOptions(progress_every=0, resume_every=2))
    assert one.next_request("id").events.resume_every == 2
    shown = [one.take(step(number, point=number == 2)) for number in (1, 2, 3)]
    assert [event.progress.HasField("resume_point") for event in shown if event] == [True]


def test_what_was_accepted_is_shown_as_it_was_asked_for() -> None:
    one = course(resume_every=5, events=gs.EventOptions(progress_every=4))
    event = one.take(accepted(events=gs.EventOptions(progress_every=1, resume_every=5)))
    assert event is not None
    assert event.accepted.resolved.events == gs.EventOptions(progress_every=4)
    assert one.next_request("id").events.resume_every == 5


def test_acceptance_and_start_are_told_once() -> None:
    one = course()
    shown = [one.take(event) for event in (accepted(), gs.GenerateImageResponse(started=gs.Started()))]
    one.lost()
    again = [one.take(event) for event in (accepted(), gs.GenerateImageResponse(started=gs.Started()))]
    assert ([event is None for event in shown], again) == ([False, False], [None, None])


def test_a_picture_is_told_once_and_half_of_one_again_from_its_beginning() -> None:
    one = course()
    for event in (chunk(0, last=True), chunk(1, last=False)):
        one.take(event)
    one.lost()
    again = [one.take(chunk(0, last=True)), one.take(chunk(1, last=False)), one.take(chunk(1, last=True))]
    assert [event is None for event in again] == [True, False, False]


def test_a_mask_beside_a_picture_is_another_picture() -> None:
    one = course()
    one.take(chunk(0, last=True))
    assert one.take(chunk(0, last=True, kind=types.IMAGE_KIND_MASK)) is not None


def test_the_end_counts_the_pictures_of_all_replicas() -> None:
    one = course()
    one.take(chunk(0, last=True))
    one.lost()
    one.take(chunk(1, last=True))
    one.take(chunk(1, last=True, kind=types.IMAGE_KIND_MASK))
    event = one.take(gs.GenerateImageResponse(completed=gs.Completed(image_count=1)))
    assert event is not None
    assert event.completed.image_count == 2


def test_another_model_of_the_same_name_is_refused() -> None:
    one = course()
    one.take(accepted(digest="a"))
    one.lost()
    with pytest.raises(FailedPrecondition, match="another model by the name of 'm'"):
        one.take(accepted(digest="b"))
