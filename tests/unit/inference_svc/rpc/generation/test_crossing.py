"""Events cross from the engine's thread to the event loop's in their order, and wake it no more than they must."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from inference_svc.engine import EngineEvent, PictureDone, Started
from inference_svc.rpc.generation.crossing import Crossing

LONG_S = 3600.0


class Taken:
    """What has arrived, and on which threads."""

    def __init__(self) -> None:
        self.events: list[EngineEvent] = []
        self.threads: set[int] = set()
        self.arrived = asyncio.Event()

    def take(self, event: EngineEvent) -> None:
        self.events.append(event)
        self.threads.add(threading.get_ident())
        self.arrived.set()


async def from_another_thread(*calls: Callable[[], None]) -> None:
    for call in calls:
        await asyncio.to_thread(call)


async def test_events_keep_their_order_and_arrive_on_the_loops_thread() -> None:
    taken, events = Taken(), [Started(), PictureDone(0, 0), PictureDone(0, 1)]
    crossing = Crossing(taken.take)
    await from_another_thread(*(lambda event=event: crossing(event) for event in events))
    assert (taken.events, taken.threads) == (events, {threading.get_ident()})


async def test_a_quiet_start_crosses_with_the_next_event() -> None:
    taken = Taken()
    crossing = Crossing(taken.take, quiet_s=LONG_S)
    await from_another_thread(lambda: crossing(Started()))
    before = list(taken.events)
    await from_another_thread(lambda: crossing(PictureDone(0, 0)))
    assert (before, taken.events) == ([], [Started(), PictureDone(0, 0)])


async def test_a_quiet_start_arrives_by_itself_in_the_end() -> None:
    taken = Taken()
    crossing = Crossing(taken.take, quiet_s=0.001, clock=lambda: 0.0)  # time stands still: it stays quiet
    thread = threading.Thread(target=crossing, args=(Started(),))
    thread.start()
    thread.join()  # the loop stands still too, so that its timer can't be first
    await asyncio.wait_for(taken.arrived.wait(), 20)
    assert taken.events == [Started()]


async def test_a_start_after_the_quiet_time_arrives_at_once() -> None:
    moments = iter((0.0, 2 * LONG_S))
    taken = Taken()
    crossing = Crossing(taken.take, quiet_s=LONG_S, clock=lambda: next(moments))
    await from_another_thread(lambda: crossing(Started()))
    assert taken.events == [Started()]
