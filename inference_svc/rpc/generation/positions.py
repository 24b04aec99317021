"""Who waits, and who has moved up."""

from __future__ import annotations

from dataclasses import dataclass

from inference_svc.engine import Engine
from inference_svc.rpc.conversion.events import queued
from inference_svc.rpc.generation.book import Book
from inference_svc.rpc.generation.record import Record


@dataclass(frozen=True, slots=True)
class Positions:
    """Tells those that wait how many go before them."""

    engine: Engine
    book: Book

    def moved(self, record: Record) -> None:
        """Something began or ended: those that wait have moved up."""
        if record.ended:
            record.on_end()
            self.book.ended(record)
        for waiting in self.book.waiting():
            self.tell(waiting)

    def tell(self, record: Record) -> None:
        """Says where it stands, if that is news."""
        position = self.engine.position(record.id)
        if position is not None and position != record.position:
            record.position = position
            record.add(queued(position, self.engine.start_eta_s(record.id)))
