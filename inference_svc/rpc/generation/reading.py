"""Reads what is recorded, as it comes, and lets go at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from inference_svc.rpc.generation.journal import Entry
from inference_svc.rpc.generation.record import Record


async def read(record: Record, after_sequence: int = 0) -> AsyncGenerator[Entry, None]:
    """Yields events after a sequence number. Raises the error that it all ended with, and OutOfRange."""
    reader = record.attach(after_sequence)
    try:
        async with aclosing(reader.entries()) as entries:
            async for entry in entries:
                yield entry
    finally:
        record.detach(reader)
