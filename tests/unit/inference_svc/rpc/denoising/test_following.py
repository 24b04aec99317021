"""What is written of a denoising call while it runs."""

from __future__ import annotations

import asyncio

from inference_svc.engine import Engine, Finished, Outcome, RequestStats, Started
from inference_svc.fake.backend import FakeOptions, fake_runner
from inference_svc.rpc.denoising.following import Following
from inference_svc.rpc.generation.book import Book
from inference_svc.rpc.generation.positions import Positions
from inference_svc.rpc.generation.record import Birth
from latentwire.v1 import types_pb2 as t

END = Finished(Outcome.SUCCEEDED, None, RequestStats(0.0, 0.0, 0.0, 0.0, 0.0, 1, 1.0))


def following() -> Following:
    engine = Engine(fake_runner(FakeOptions()))
    book = Book(engine)
    return Following(book.open(Birth("mine", 1, "m", 1, 1)), book, Positions(engine, book))


async def test_a_call_that_goes_on_is_written_as_running() -> None:
    call = following()
    with call.attached():
        call.take(Started())
        await asyncio.sleep(0)
        told = call.record.state, call.record.journal.last_sequence
        call.take(END)
    assert told == (t.GENERATION_STATE_RUNNING, 1)


async def test_of_a_call_that_ended_along_with_its_start_only_the_end_is_written() -> None:
    call = following()
    with call.attached():
        call.take(Started())
        call.take(END)
        await asyncio.sleep(0)
        assert (call.record.state, call.record.journal.last_sequence) == (t.GENERATION_STATE_SUCCEEDED, 0)
    assert list(call.book) == []


async def test_whoever_watches_a_call_is_told_that_it_began_however_short_it_is() -> None:
    call = following()
    with call.attached():
        watching = call.record.attach()
        call.take(Started())
        call.take(END)
        told = [entry.message.WhichOneof("event") async for entry in watching.entries()]
        call.record.detach(watching)
    assert told == ["started"]
