"""One request to the engine for one call: what it reports, as it comes, and its end with that of the call."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from inference_svc.engine import Engine, EngineEvent, Finished, PictureDone, Reported, Request
from inference_svc.engine.request import PipelineFactory
from inference_svc.rpc.generation.crossing import Crossing
from inference_svc.work import BatchKey
from latentwire.errors import LatentwireError

MOST_UNREAD = 2
"""Reports that may wait for a slow reader before its work is held up, beside those of the same batch."""
_QUIET_S = 0.01
"""For which nobody is told that work has begun: a step may take less."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a call asks of the engine; see `engine.Request` for its parts."""

    pipelines: tuple[PipelineFactory, ...]
    evaluations: int
    key: BatchKey
    deadline: float | None = None
    held_bytes: int = 0
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@contextmanager
def submitted(
    engine: Engine, work: Work, watch: Callable[[EngineEvent], None] = lambda _: None
) -> Iterator[AsyncGenerator[Reported, None]]:
    """Submits the work and gives what it reports, as it comes; at the end of the block what is not done is cancelled.

    `watch` is shown the events, on the event loop's thread, also when nobody reads any more. Raises what `submit`
    raises; reading raises the error that the work ends with.
    """
    mail = _Mail(engine, work.request_id)

    def take(event: EngineEvent) -> None:
        watch(event)
        mail.take(event)

    engine.submit(_request(work, _but_done(Crossing(take, quiet_s=_QUIET_S))))
    try:
        yield mail.read()
    finally:
        if not mail.ended:
            engine.cancel(work.request_id)


async def only_report(engine: Engine, work: Work) -> Reported:
    """Submits work that reports once, and returns that. Raises as `submitted` does."""
    with submitted(engine, work) as reports:
        (report,) = [reported async for reported in reports]
    return report


def _request(work: Work, listener: Callable[[EngineEvent], None]) -> Request:
    return Request(
        request_id=work.request_id,
        batches=(work.pipelines,),
        evaluations=max(1, work.evaluations),
        listener=listener,
        key=work.key,
        deadline=work.deadline,
        held_bytes=work.held_bytes,
    )


def _but_done(listener: Callable[[EngineEvent], None]) -> Callable[[EngineEvent], None]:
    """Leaves out what nobody here needs: each event wakes the event loop."""

    def listen(event: EngineEvent) -> None:
        if not isinstance(event, PictureDone):
            listener(event)

    return listen


@dataclass(slots=True, eq=False)
class _Mail:
    """Reports that wait for their reader. While too many do, their request gets no device work."""

    engine: Engine
    request_id: str
    ended: bool = False
    error: LatentwireError | None = None
    waiting: deque[Reported] = field(default_factory=deque)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False

    def take(self, event: EngineEvent) -> None:
        match event:
            case Reported():
                self.waiting.append(event)
                self._pace()
            case Finished(error=error):
                self.ended, self.error = True, error
        self.changed.set()

    async def read(self) -> AsyncGenerator[Reported, None]:
        while await self._more():
            yield self.waiting.popleft()
            self._pace()
        if self.error is not None:
            raise self.error

    async def _more(self) -> bool:
        """Waits; of work that failed nothing more is read."""
        while not (self.waiting or self.ended):
            self.changed.clear()
            await self.changed.wait()
        return bool(self.waiting) and self.error is None

    def _pace(self) -> None:
        held = len(self.waiting) >= MOST_UNREAD and not self.ended
        if held != self.held:
            self.held = held
            (self.engine.hold if held else self.engine.release)(self.request_id)
