"""From the engine's events to a record's."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from inference_svc.engine import EngineEvent, Finished, Outcome, PictureDone, Reported, RequestStats, Started
from inference_svc.fake.facts import fake_facts
from inference_svc.pipelines import Stage, StepDone
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.generation.journal import Journal
from inference_svc.rpc.generation.progress import Step
from inference_svc.rpc.generation.record import Birth, Record
from inference_svc.rpc.generation.relay import Relay, Surroundings
from inference_svc.rpc.generation.resuming import Beginning
from inference_svc.sampling import SamplerState
from latentwire.errors import OutOfMemory
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_STATS = RequestStats(0, 0, 0, 0, 0, 0, 0)
_LATENTS = np.zeros((1, 4, 8, 8), np.float32)


class Later(Executor):
    """Runs what it is given when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []

    def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        """Notes it."""
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: function(*arguments)))
        return future

    def run(self) -> None:
        """Runs what has come."""
        while self.waiting:
            future, call = self.waiting.pop(0)
            future.set_result(call())


def _relay(executor: Executor, eta_s: float | None = None, batch_size: int = 1) -> tuple[Relay, Record]:
    shown = g.EventOptions(preview_every=1, preview_grid=batch_size > 1)
    request = g.GenerateImageRequest(events=shown, batch_size=batch_size)
    record = Record(Birth("r", 1, "fake", 1, 1), Journal("r"))
    around = Surroundings(executor, lambda _: eta_s, lambda _: None)
    return Relay(record, resolve_request(request, fake_facts()), fake_facts(), around), record


def _kinds(record: Record) -> list[str | None]:
    return [entry.message.WhichOneof("event") for entry in record.journal.after(0)]


def _step(number: int, picture: int = 0, batch: int = 0) -> Reported:
    done = StepDone(picture, number, 3, 0.5, Stage.FIRST_PASS, SamplerState(_LATENTS), _LATENTS)
    return Reported(batch, picture, done, 2)


async def test_one_preview_at_a_time_is_made_and_later_steps_go_without() -> None:
    executor = Later()
    relay, record = _relay(executor)
    _take(relay, Started(), _step(1), _step(2))
    await asyncio.sleep(0)
    assert len(executor.waiting) == 1
    executor.run()
    await _settled()
    assert record.preview is not None
    assert (record.preview.step, record.preview.preview_id) == (1, 1)


async def test_a_batch_is_shown_as_a_grid_once_each_picture_has_come_as_far() -> None:
    executor = Later()
    relay, record = _relay(executor, batch_size=2)
    _take(relay, Started(), _step(1), _step(2), _step(1, picture=1))
    await asyncio.sleep(0)
    executor.run()
    await _settled()
    assert record.preview is not None
    assert (record.preview.width, record.preview.height) == (128, 64)
    assert (record.preview.step, record.preview.index) == (1, 0)


async def test_a_grid_waits_for_no_picture_that_another_server_has_sampled() -> None:
    executor = Later()
    relay, _ = _relay(executor, batch_size=2)
    relay.begin(Beginning(), [Step(1, 2, 3, 3, 0.0, 0), Step(1, 3, 1, 3, 0.5, 0)])
    _take(relay, Started(), _step(2, picture=3, batch=1))
    await asyncio.sleep(0)
    assert len(executor.waiting) == 1


async def test_the_next_batch_is_a_grid_of_its_own() -> None:
    executor = Later()
    relay, _ = _relay(executor, batch_size=2)
    _take(relay, Started(), _step(1), _step(1, picture=3, batch=1))
    await asyncio.sleep(0)
    assert executor.waiting == []


async def test_a_preview_that_comes_after_the_end_is_dropped() -> None:
    executor = Later()
    relay, record = _relay(executor)
    _take(relay, Started(), _step(1))
    await asyncio.sleep(0)
    relay.take(Finished(Outcome.SUCCEEDED, None, _STATS))
    executor.run()
    await _settled()
    assert (record.preview, _kinds(record)) == (None, ["started", "progress", "completed"])


async def test_the_time_left_is_told_where_it_is_known() -> None:
    relay, record = _relay(Later(), eta_s=1.5)
    _take(relay, Started(), _step(1), PictureDone(0, 0))
    assert record.progress is not None
    assert record.progress.eta.ToMilliseconds() == 1500


async def test_an_error_is_the_end_without_an_event() -> None:
    relay, record = _relay(Later())
    relay.take(Started())
    relay.take(Finished(Outcome.FAILED, OutOfMemory("no"), _STATS))
    assert (_kinds(record), record.state) == (["started"], t.GENERATION_STATE_FAILED)


def _take(relay: Relay, *events: EngineEvent) -> None:
    for event in events:
        relay.take(event)


async def _settled() -> None:
    """Lets finished futures reach those who wait for them."""
    for _ in range(5):
        await asyncio.sleep(0)
