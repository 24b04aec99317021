"""The events of one generation."""

from __future__ import annotations

from inference_svc.rpc.generation.journal import Journal
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_Event = g.GenerateImageResponse


def _kinds(journal: Journal, after: int = 0) -> list[tuple[int, str | None]]:
    return [(entry.sequence, entry.message.WhichOneof("event")) for entry in journal.after(after)]


def test_events_are_numbered_and_named_when_they_are_made() -> None:
    journal = Journal("r")
    entries = [journal.append(_Event(started=g.Started())) for _ in range(2)]
    assert [(entry.sequence, entry.message.request_id) for entry in entries] == [(1, "r"), (2, "r")]


def test_one_that_goes_on_from_elsewhere_is_numbered_after_what_was_known_there() -> None:
    journal = Journal("r", after_sequence=40)
    assert (journal.append(_Event(started=g.Started())).sequence, journal.last_sequence) == (41, 41)
    assert [_kinds(journal, after) for after in (0, 40, 41)] == [[(41, "started")], [(41, "started")], []]


def test_newer_progress_previews_and_positions_supersede_older_ones() -> None:
    journal = Journal("r")
    for event in (
        _Event(accepted=g.Accepted()), _Event(queued=g.Queued()), _Event(queued=g.Queued(position=1)),
        _Event(progress=g.Progress(step=1)), _Event(preview=g.Preview(index=0)), _Event(preview=g.Preview(index=1)),
        _Event(progress=g.Progress(step=2)), _Event(preview=g.Preview(index=0)),
    ):  # fmt: skip
        journal.append(event)
    assert _kinds(journal) == [(1, "accepted"), (3, "queued"), (6, "preview"), (7, "progress"), (8, "preview")]


def test_a_resume_point_is_superseded_only_by_another() -> None:
    journal = Journal("r")
    journal.append(_Event(progress=g.Progress(resume_point=t.ResumePoint())))
    journal.append(_Event(progress=g.Progress(step=2)))
    assert [number for number, _ in _kinds(journal)] == [1, 2]
    journal.append(_Event(progress=g.Progress(step=3, resume_point=t.ResumePoint())))
    assert [number for number, _ in _kinds(journal)] == [2, 3]


def test_a_reader_begins_where_it_wants() -> None:
    journal = Journal("r")
    for _ in range(3):
        journal.append(_Event(started=g.Started()))
    assert [number for number, _ in _kinds(journal, after=2)] == [3]


def test_pictures_can_be_dropped_to_free_memory() -> None:
    journal = Journal("r")
    journal.append(_Event(started=g.Started()))
    before = journal.size
    for _ in range(2):
        journal.append(_Event(image=t.ImageChunk(data=b"x" * 1000, last=True)))
    journal.drop_pictures(2)
    assert [number for number, _ in _kinds(journal)] == [1, 3]
    journal.drop_pictures(9)
    assert (journal.size, journal.last_sequence) == (before, 3)
