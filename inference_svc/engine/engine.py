"""The engine as everybody else sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from threading import Thread

from inference_svc.engine.batch_cap import BatchCap
from inference_svc.engine.clock import Clock, MonotonicClock
from inference_svc.engine.compute import ComputePool
from inference_svc.engine.costs import Costs
from inference_svc.engine.device import Device
from inference_svc.engine.inbox import Inbox, Message
from inference_svc.engine.ledger import Ledger
from inference_svc.engine.loop import Loop, Parts, draining
from inference_svc.engine.metrics import EngineMetrics, NoMetrics, SafeMetrics
from inference_svc.engine.request import Request
from inference_svc.engine.roster import Roster
from inference_svc.engine.rows import RowId
from inference_svc.engine.runner import Runner
from inference_svc.engine.scheduler import Scheduler
from inference_svc.engine.settings import EngineSettings
from inference_svc.work import BatchKey
from latentwire.errors import Cancelled, InvalidArgument, LatentwireError

log = logging.getLogger(__name__)


class Engine:
    """Runs requests on one device thread; see the package's docstring for what each method promises."""

    def __init__(
        self,
        runner: Runner,
        settings: EngineSettings | None = None,
        *,
        clock: Clock | None = None,
        metrics: EngineMetrics | None = None,
        on_lost: Callable[[LatentwireError], None] = lambda _: None,
    ) -> None:
        settings, counters = settings or EngineSettings(), SafeMetrics(metrics or NoMetrics())
        self._clock = clock or MonotonicClock()
        self._inbox, costs = Inbox(self._clock), Costs()
        self._cap = BatchCap(settings.max_batch_rows)
        self._ledger = Ledger(settings, costs, self._clock)
        self._pool = ComputePool(settings.compute_threads, self._inbox)
        device = Device(runner, self._clock, self._cap, costs, counters)
        roster = Roster(settings, self._ledger, costs, self._clock, counters)
        scheduler: Scheduler[RowId] = Scheduler(
            limit=device.limit, pace=costs.recent_s, shortest_share=settings.shortest_share
        )
        self._loop = Loop(Parts(device, self._clock, self._inbox, roster, scheduler, self._pool, on_lost))
        self._thread: Thread | None = None

    def start(self) -> None:
        """Starts the engine thread."""
        self._thread = Thread(target=self._loop.run, name="engine", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Accepts a request, or raises why not: AlreadyExists, QueueFull, DeadlineUnreachable, Unavailable."""
        if request.pictures == 0:
            raise InvalidArgument.of("batches", request.batches, "at least one picture")
        entry = self._ledger.accept(request)
        if not self._inbox.post(partial(self._loop.accept, entry, self._clock.now())):
            self._ledger.ended(request.request_id)
            raise draining()

    def cancel(self, request_id: str, error: LatentwireError | None = None) -> bool:
        """Ends a request and discards what it made; `error` is what its listener is told."""
        error = error or Cancelled(f"request {request_id!r} was cancelled")
        return self._ledger.cancel(request_id) and self._inbox.post(partial(self._loop.cancel, request_id, error))

    def stop(self, request_id: str, *, current_batch: bool = False) -> bool:
        """Ends a request, or its current batch, early with what there is."""
        return self._tell(request_id, partial(self._loop.stop, request_id, current_batch=current_batch))

    def hold(self, request_id: str) -> bool:
        """Gives a request no more device work until `release`."""
        return self._tell(request_id, partial(self._loop.hold, request_id, held=True))

    def release(self, request_id: str) -> bool:
        """Lets a held request go on."""
        return self._tell(request_id, partial(self._loop.hold, request_id, held=False))

    def between_ticks(self, function: Callable[[], None]) -> bool:
        """Has a function called on the device thread between two evaluations; it must be quick and handle its errors.

        Returns False once the engine has ended.
        """
        return self._inbox.post(partial(_call, function))

    def position(self, request_id: str) -> int | None:
        """Returns how many requests go before a waiting one."""
        return self._ledger.position(request_id)

    def eta_s(self, request_id: str) -> float | None:
        """Returns the seconds to a request's end, as far as measured."""
        return self._ledger.eta_s(request_id)

    def start_eta_s(self, request_id: str) -> float | None:
        """Returns the seconds until a request begins, as far as measured."""
        return self._ledger.start_eta_s(request_id)

    def counts(self) -> tuple[int, int]:
        """Returns how many requests wait and how many run."""
        return self._ledger.counts()

    def batch_cap(self, key: BatchKey) -> int:
        """Returns the learned or fixed cap of a key as it stands."""
        return self._cap.rows(key)

    def now(self) -> float:
        """Returns the moment on the engine's clock, which deadlines are on."""
        return self._clock.now()

    def drain(self) -> None:
        """Refuses new requests from now on; what was accepted goes on."""
        self._ledger.close(draining)

    def shutdown(self, grace_s: float = 0.0) -> None:
        """Drains, waits until all is done or the grace has passed, cancels the rest, and joins every thread."""
        self.drain()
        if self._thread is not None:
            self._ledger.wait_idle(self._clock.now() + grace_s)
            self._inbox.post(self._loop.abort)
            self._thread.join()
        self._pool.close()

    def _tell(self, request_id: str, message: Message) -> bool:
        return self._ledger.holds(request_id) and self._inbox.post(message)


def _call(function: Callable[[], None]) -> None:
    try:
        function()
    except Exception:
        log.exception("a function between two ticks failed")
