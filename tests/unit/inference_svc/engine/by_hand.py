"""The engine without its thread: tests turn it by hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from inference_svc.engine import EngineSettings, Request, Runner
from inference_svc.engine.batch_cap import BatchCap
from inference_svc.engine.compute import ComputePool
from inference_svc.engine.costs import Costs
from inference_svc.engine.device import Device
from inference_svc.engine.inbox import Inbox
from inference_svc.engine.ledger import Ledger
from inference_svc.engine.loop import Loop, Parts
from inference_svc.engine.metrics import NoMetrics
from inference_svc.engine.roster import Roster
from inference_svc.engine.rows import RowId
from inference_svc.engine.scheduler import Scheduler
from inference_svc.work import Compute
from latentwire.errors import Cancelled
from tests.unit.inference_svc.engine.toys import FakeClock


class InlinePool(ComputePool):
    """Computes at once; the result still comes back through the inbox."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(1, inbox)
        self._box = inbox

    def submit(self, ask: Compute, deliver: Callable[[Future[Any]], None]) -> Future[Any]:
        """Runs the function here."""
        done: Future[Any] = Future()
        try:
            done.set_result(ask.function(*ask.arguments))
        except ValueError as error:
            done.set_exception(error)
        self._box.post(partial(deliver, done))
        return done


class ByHand:
    """Does what the engine's thread and its callers do, one after the other."""

    def __init__(
        self, runner: Runner, settings: EngineSettings | None = None, *, clock: FakeClock | None = None
    ) -> None:
        settings, clock, costs = settings or EngineSettings(), clock or FakeClock(), Costs()
        self.inbox = Inbox(clock)
        self.ledger = Ledger(settings, costs, clock)
        device = Device(runner, clock, BatchCap(settings.max_batch_rows), costs, NoMetrics())
        scheduler: Scheduler[RowId] = Scheduler(limit=device.limit, shortest_share=settings.shortest_share)
        roster = Roster(settings, self.ledger, costs, clock, NoMetrics())
        pool = InlinePool(self.inbox)
        self.loop = Loop(Parts(device, clock, self.inbox, roster, scheduler, pool, lambda error: None))

    def submit(self, request: Request) -> None:
        """Accepts a request. Raises what the ledger raises."""
        self.loop.accept(self.ledger.accept(request), 0.0)

    def cancel(self, request_id: str) -> None:
        """Cancels a request that waits or runs."""
        if self.ledger.cancel(request_id):
            self.loop.cancel(request_id, Cancelled("planned"))

    def tick(self) -> bool:
        """Runs one batch, then handles what came in; returns whether there was anything."""
        ran, messages = self.loop.tick(), self.inbox.take()
        for message in messages:
            message()
        return ran or bool(messages)

    def finish(self) -> None:
        """Ticks until nothing is left to do."""
        while self.tick():
            pass
