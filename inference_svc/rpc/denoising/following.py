"""A call in the book while it runs: listed, cancelled and stopped by its id, and not remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from inference_svc.engine import EngineEvent, Finished, Started
from inference_svc.pipelines.denoising import Span
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.generation.book import Book
from inference_svc.rpc.generation.positions import Positions
from inference_svc.rpc.generation.record import Birth, Record
from inference_svc.rpc.generation.relay import ENDS


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """Writes what the engine does with a call into its record, which is gone once the call has ended."""

    record: Record
    book: Book
    positions: Positions

    @classmethod
    def begun(cls, bench: Bench, request_id: str, spans: Sequence[Span]) -> Following:
        """Opens the record. Raises AlreadyExists."""
        birth = Birth(
            request_id=request_id,
            order=bench.book.next_order(),
            model=spans[0].run.model,
            image_count=len(spans),
            batch_count=1,
        )
        return cls(bench.book.open(birth), bench.book, Positions(bench.backend.engine, bench.book))

    def take(self, event: EngineEvent) -> None:
        """Takes one event of the engine.

        That it has begun is written after what came along, which may be its end, unless somebody else watches.
        """
        match event:
            case Started() if len(self.record.readers) > 1:
                self._began()
            case Started():
                asyncio.get_running_loop().call_soon(self._began)
            case Finished():
                self.record.end(ENDS[event.outcome], event.error)
                self.positions.moved(self.record)
                self.book.discard(self.record)

    def _began(self) -> None:
        if not self.record.ended:
            self.record.started()
            self.positions.moved(self.record)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Is the record's reader until the end of the block: what nobody reads is cancelled."""
        reader = self.record.attach()
        try:
            yield
        finally:
            self.record.detach(reader)
