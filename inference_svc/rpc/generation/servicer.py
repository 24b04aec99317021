"""GenerationService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from inference_svc.rpc.backend import Backend
from inference_svc.rpc.generation.admission import Admission
from inference_svc.rpc.generation.book import Book
from inference_svc.rpc.generation.listing import generation_message, page, with_preview
from inference_svc.rpc.generation.reading import read
from inference_svc.rpc.generation.record import Record
from latentwire.errors import Cancelled, InvalidArgument
from latentwire.v1 import generation_service_pb2 as g


class GenerationServicer:
    """Whole generations: begun, watched, looked at, listed, cancelled, stopped."""

    def __init__(self, admission: Admission, book: Book, backend: Backend) -> None:
        self._admission, self._book, self._engine = admission, book, backend.engine
        self._event_delay_s = backend.event_delay_s

    async def GenerateImage(
        self, request: g.GenerateImageRequest, context: Any
    ) -> AsyncIterator[g.GenerateImageResponse]:
        """Makes pictures and streams what happens."""
        record = await self._admission.admit(request, context.time_remaining())
        delay_s = self._event_delay_s(request)
        async with aclosing(read(record)) as entries:
            async for entry in entries:
                if delay_s:
                    await asyncio.sleep(delay_s)
                yield entry.message

    async def WatchGeneration(
        self, request: g.WatchGenerationRequest, _: Any
    ) -> AsyncIterator[g.WatchGenerationResponse]:
        """Attaches to a generation and repeats its events after a sequence number."""
        record = self._book.get(request.request_id)
        async with aclosing(read(record, request.after_sequence)) as entries:
            async for entry in entries:
                yield g.WatchGenerationResponse(event=entry.message)

    async def GetGeneration(self, request: g.GetGenerationRequest, _: Any) -> g.GetGenerationResponse:
        """Tells where a generation stands."""
        record = self._book.get(request.request_id)
        message = generation_message(record, self._engine.eta_s(record.id))
        return g.GetGenerationResponse(generation=with_preview(message, record, request))

    async def ListGenerations(self, request: g.ListGenerationsRequest, _: Any) -> g.ListGenerationsResponse:
        """Lists generations, oldest first."""
        records, token = page(self._book, request)
        waiting, running = self._engine.counts()
        owner_known = request.HasField("owner")
        return g.ListGenerationsResponse(
            generations=[
                generation_message(record, self._engine.eta_s(record.id), owner_known=owner_known) for record in records
            ],
            next_page_token=token,
            waiting_count=waiting,
            running_count=running,
        )

    async def CancelGeneration(self, request: g.CancelGenerationRequest, _: Any) -> g.CancelGenerationResponse:
        """Ends a generation, or a whole task, and discards what it made."""
        records = self._targets(request, ends_task="cancelled")
        message = f"cancelled: {request.reason}" if request.reason else "cancelled by CancelGeneration"
        return g.CancelGenerationResponse(
            request_ids=_each(records, lambda record: self._engine.cancel(record.id, Cancelled(message)))
        )

    async def StopGeneration(self, request: g.StopGenerationRequest, _: Any) -> g.StopGenerationResponse:
        """Ends a generation, or a whole task, early and returns what there is."""
        if request.scope not in g.StopScope.values():
            raise InvalidArgument.of("scope", request.scope, ", ".join(g.StopScope.keys()[1:]))
        current_batch = request.scope == g.STOP_SCOPE_CURRENT_BATCH
        records = self._targets(request, ends_task="" if current_batch else "stopped")
        return g.StopGenerationResponse(
            request_ids=_each(records, lambda record: self._stop(record, current_batch=current_batch))
        )

    def _stop(self, record: Record, *, current_batch: bool) -> bool:
        stopped = self._engine.stop(record.id, current_batch=current_batch)
        record.stopping |= stopped and not current_batch
        return stopped

    def _targets(self, request: g.CancelGenerationRequest | g.StopGenerationRequest, ends_task: str) -> list[Record]:
        """Returns what a request means; a whole task takes no further members from then on."""
        match request.WhichOneof("target"):
            case "request_id":
                return [self._book.get(request.request_id)]
            case "task_id":
                try:
                    return self._book.of_task(request.task_id)
                finally:
                    # One that is not known here may be under way at another replica, and send its next member here.
                    if ends_task and request.task_id:
                        self._book.tasks.stop(request.task_id, ends_task)
            case _:
                raise InvalidArgument.of("target", None, "request_id or task_id")


def _each(records: list[Record], act: Callable[[Record], bool]) -> list[str]:
    return [record.id for record in records if not record.ended and act(record)]
