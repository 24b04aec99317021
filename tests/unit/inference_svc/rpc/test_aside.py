"""Work beside the event loop: only so much of it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from inference_svc.rpc.aside import Aside
from latentwire.errors import QueueFull

BIG = 2**20


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def gate() -> Iterator[Event]:
    """What waits for it ends with the test at the latest."""
    gate = Event()
    yield gate
    gate.set()


@pytest.fixture
def aside(executor: ThreadPoolExecutor) -> Aside:
    """Room for three big ones."""
    return Aside(executor, most_elements=3 * BIG)


async def begun(aside: Aside, elements: int, function: Callable[[], bool]) -> asyncio.Task[bool]:
    """A call that has been taken."""
    call = asyncio.create_task(aside.call(elements, function))
    await asyncio.sleep(0)
    return call


async def test_what_would_wait_behind_too_much_is_refused_until_there_is_room(aside: Aside, gate: Event) -> None:
    taken = [await begun(aside, BIG, gate.wait) for _ in range(3)]
    with pytest.raises(QueueFull, match="3 calls wait") as refused:
        await aside.call(1, gate.wait)
    gate.set()
    assert await asyncio.gather(*taken) == [True] * 3
    assert (refused.value.reason, refused.value.retry_after_s) == ("QUEUE_FULL", 1.0)
    assert await aside.call(3 * BIG, gate.wait)


async def test_one_that_is_alone_is_taken_whatever_its_size(aside: Aside, gate: Event) -> None:
    gate.set()
    assert await aside.call(2**60, gate.wait)


async def test_small_ones_count_too(executor: ThreadPoolExecutor, gate: Event) -> None:
    aside = Aside(executor, most_elements=2**18)
    taken = [await begun(aside, 1, gate.wait) for _ in range(4)]
    with pytest.raises(QueueFull):
        await aside.call(1, gate.wait)
    gate.set()
    await asyncio.gather(*taken)


async def test_what_fails_and_what_nobody_waits_for_makes_room(aside: Aside, gate: Event) -> None:
    running, left = await begun(aside, 2 * BIG, gate.wait), await begun(aside, BIG, gate.wait)
    left.cancel()
    await asyncio.wait([left])
    failing = await begun(aside, BIG, lambda: bool(1 / 0))
    gate.set()
    assert await running
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await aside.call(3 * BIG, gate.wait)


async def test_when_to_come_back_is_when_one_of_them_ends(aside: Aside, gate: Event) -> None:
    aside._learn(4.0)
    aside._learn(9.0)
    taken = await begun(aside, 3 * BIG, gate.wait)
    with pytest.raises(QueueFull) as refused:
        await aside.call(BIG, gate.wait)
    gate.set()
    assert (refused.value.retry_after_s, await taken) == (pytest.approx(5.0), True)
