"""Who is remembered, held, let go and forgotten."""

from __future__ import annotations

import asyncio

import pytest

from inference_svc.rpc.generation.book import Book, BookSettings
from inference_svc.rpc.generation.record import Birth, Record
from latentwire.errors import AlreadyExists, LatentwireError, NotFound
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


class Engine:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def cancel(self, request_id: str, error: LatentwireError | None = None) -> bool:
        """Notes it."""
        self.told.append(("cancel", request_id))
        return True

    def hold(self, request_id: str) -> None:
        """Notes it."""
        self.told.append(("hold", request_id))

    def release(self, request_id: str) -> None:
        """Notes it."""
        self.told.append(("release", request_id))


def _picture(size: int = 10) -> g.GenerateImageResponse:
    return g.GenerateImageResponse(image=t.ImageChunk(data=b"x" * size, last=True))


def _state() -> g.GenerateImageResponse:
    return g.GenerateImageResponse(progress=g.Progress(resume_point=t.ResumePoint(version=1)))


def _open(book: Book, name: str, *, grace_s: float = 0.0) -> Record:
    return book.open(Birth(name, book.next_order(), "m", 1, 1, detach_grace_s=grace_s))


@pytest.mark.parametrize("state", [False, True], ids=["pictures", "resume points"])
async def test_two_unsent_pictures_or_states_hold_a_generation_until_one_is_taken(state: bool) -> None:
    engine = Engine()
    record = _open(Book(engine), "a")
    reader = record.attach()
    for _ in range(3):
        record.add(_state() if state else _picture())
    assert engine.told == [("hold", "a")]
    entries = reader.entries()
    for _ in range(3):
        await anext(entries)
    assert engine.told == [("hold", "a"), ("release", "a")]
    await entries.aclose()


async def test_a_generation_without_readers_is_held_only_where_memory_is_short() -> None:
    engine = Engine()
    record = _open(Book(engine, BookSettings(most_bytes=5000)), "a", grace_s=60)
    record.detach(record.attach())
    for _ in range(4):
        record.add(_picture(1000))
    assert engine.told == []
    for _ in range(2):
        record.add(_picture(1000))
    assert engine.told == [("hold", "a")]


async def test_without_grace_a_generation_ends_with_its_last_reader() -> None:
    engine = Engine()
    record = _open(Book(engine), "a")
    first, second = record.attach(), record.attach()
    record.detach(first)
    assert engine.told == []
    record.detach(second)
    assert engine.told == [("cancel", "a")]


async def test_a_reader_that_comes_back_in_time_keeps_a_generation_alive() -> None:
    engine = Engine()
    record = _open(Book(engine), "a", grace_s=0.01)
    record.detach(record.attach())
    record.attach()
    await asyncio.sleep(0.02)  # longer than the grace: nothing may have happened
    assert engine.told == []


async def test_pictures_that_all_readers_have_go_first_where_nothing_else_can() -> None:
    book = Book(Engine(), BookSettings(most_bytes=3000))
    record = _open(book, "a", grace_s=60)
    entries = record.attach().entries()
    for _ in range(4):
        record.add(_picture(1000))
        await anext(entries)
    record.add(_picture(1000))
    kept = [entry.sequence for entry in record.journal.after(0)]
    assert kept[-1] == 5
    assert len(kept) < 5
    await entries.aclose()


async def test_ended_records_are_forgotten_at_once_where_nothing_is_to_be_remembered() -> None:
    book = Book(Engine(), BookSettings(remember_s=0))
    record = _open(book, "a")
    record.end(t.GENERATION_STATE_SUCCEEDED)
    book.ended(record)
    with pytest.raises(NotFound):
        book.get("a")


async def test_an_id_can_be_used_again_once_its_record_is_discarded() -> None:
    book = Book(Engine())
    record = _open(book, "a")
    with pytest.raises(AlreadyExists, match="WAITING"):
        _open(book, "a")
    book.discard(record)
    assert _open(book, "a") is not record


async def test_reading_to_the_end_waits_for_readers_and_not_for_ever() -> None:
    book = Book(Engine())
    record = _open(book, "a", grace_s=60)
    reader = record.attach()
    await book.read_to_the_end(0.01)
    waiting = asyncio.create_task(book.read_to_the_end(10))
    await asyncio.sleep(0)
    record.detach(reader)
    await waiting
    assert not record.readers
