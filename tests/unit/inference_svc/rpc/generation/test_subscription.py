"""One reader of a generation's events."""

from __future__ import annotations

import pytest

from inference_svc.rpc.generation.journal import Entry, Journal
from inference_svc.rpc.generation.subscription import Subscription
from latentwire.errors import Cancelled, Internal
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


class Source:
    """Makes entries."""

    def __init__(self) -> None:
        self._journal = Journal("r")

    def progress(self) -> Entry:
        """One that may be lost."""
        return self._journal.append(g.GenerateImageResponse(progress=g.Progress()))

    def state(self) -> Entry:
        """A progress that may not."""
        return self._journal.append(g.GenerateImageResponse(progress=g.Progress(resume_point=t.ResumePoint())))

    def picture(self) -> Entry:
        """One that may not."""
        return self._journal.append(g.GenerateImageResponse(image=t.ImageChunk(last=True)))


async def _read(reader: Subscription) -> list[int]:
    return [entry.sequence async for entry in reader.entries()]


async def test_events_come_in_order_backlog_first() -> None:
    source = Source()
    reader = Subscription([source.picture()], lambda: None)
    reader.push(source.progress())
    reader.end(None)
    assert await _read(reader) == [1, 2]


async def test_a_slow_reader_loses_the_oldest_progress_and_no_picture() -> None:
    source = Source()
    reader = Subscription([source.progress(), source.picture()], lambda: None)
    for _ in range(40):
        reader.push(source.progress())
    reader.end(None)
    numbers = await _read(reader)
    assert (numbers[0], len(numbers), numbers[-1]) == (2, 33, 42)


async def test_a_slow_reader_loses_progress_before_and_after_a_resume_point_but_not_the_point() -> None:
    source = Source()
    reader = Subscription([source.progress(), source.state()], lambda: None)
    for _ in range(40):
        reader.push(source.progress())
    reader.end(None)
    numbers = await _read(reader)
    assert (numbers[0], len(numbers), numbers[-1]) == (2, 33, 42)


async def test_what_waits_comes_before_the_error() -> None:
    reader = Subscription([Source().picture()], lambda: None)
    reader.end(Internal("no"))
    entries = reader.entries()
    assert (await anext(entries)).sequence == 1
    with pytest.raises(Internal):
        await anext(entries)


async def test_a_cancelled_generation_s_events_are_discarded() -> None:
    reader = Subscription([Source().picture()], lambda: None)
    reader.end(Cancelled("no"), discard=True)
    with pytest.raises(Cancelled):
        await _read(reader)


async def test_a_picture_counts_as_unsent_until_the_reader_comes_back() -> None:
    source, taken = Source(), []
    reader = Subscription([source.picture(), source.picture()], lambda: taken.append(reader.unsent))
    entries = reader.entries()
    await anext(entries)
    assert (reader.unsent, reader.taken) == (2, 0)
    await anext(entries)
    assert (reader.unsent, reader.taken, taken) == (1, 1, [1])
    await entries.aclose()


def test_a_reader_with_nothing_waiting_has_taken_everything() -> None:
    assert Subscription([], lambda: None).taken > 2**60
