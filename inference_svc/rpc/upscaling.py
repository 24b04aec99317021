"""From a picture to upscale to one that is being made: checked whole, then queued like a generation."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from inference_svc.engine import EngineEvent, Finished, Outcome, Reported, Request, Started
from inference_svc.pipelines.enlarging import EnlargingSpec, enlarge
from inference_svc.pipelines.reports import PictureReady
from inference_svc.pipelines.upscaling import TileDone
from inference_svc.rpc.conversion import events
from inference_svc.rpc.conversion.images import Pixels, decode_image, decoding_elements
from inference_svc.rpc.conversion.pictures import encoded_picture
from inference_svc.rpc.conversion.upscaling import Upscaling, resolve_upscaling
from inference_svc.rpc.generation.admission import Stand
from inference_svc.rpc.generation.crossing import Crossing
from inference_svc.rpc.generation.positions import Positions
from inference_svc.rpc.generation.record import Birth, Record
from inference_svc.rpc.generation.relay import ENDS
from latentwire import image_text
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import postprocessing_service_pb2 as p
from latentwire.v1 import types_pb2 as t


class UpscalingAdmission:
    """Admits pictures to upscale. What it raises has changed nothing."""

    def __init__(self, stand: Stand) -> None:
        self._backend, self._book, self._aside = stand.backend, stand.book, stand.aside
        self._positions = Positions(self._backend.engine, self._book)

    async def admit(self, request: p.UpscaleImageRequest, remaining_s: float | None) -> Record:
        """Returns the record of what the engine has taken; `remaining_s`: what is left until the call's deadline.

        Raises InvalidArgument, NotFound, AlreadyExists, Aborted, QueueFull, DeadlineUnreachable, Unavailable.
        """
        upscaling = resolve_upscaling(request, await self._backend.catalogue.upscalers())
        self._book.check_free(upscaling.resolved.request_id)
        pixels, infotext = await self._aside.call(decoding_elements([request.image]), partial(_read, request.image))
        return self._submitted(upscaling, upscaling.spec(pixels, infotext), remaining_s)

    def _submitted(self, upscaling: Upscaling, spec: EnlargingSpec, remaining_s: float | None) -> Record:
        engine, resolved = self._backend.engine, upscaling.resolved
        record = self._book.open(_birth(resolved, self._book.next_order()))
        relay = _Relay(record, self._positions, spec.tiles, resolved.output.chunk_bytes)
        request = Request(
            request_id=record.id,
            batches=((lambda: enlarge(spec),),),
            evaluations=max(1, spec.tiles),
            listener=Crossing(relay.take),
            key=spec.key,
            deadline=None if remaining_s is None else engine.now() + remaining_s,
            held_bytes=spec.held_bytes,
        )
        try:
            engine.submit(request)
        except BaseException:
            self._book.discard(record)
            raise
        self._positions.tell(record)
        return record


@dataclass(slots=True, eq=False)
class _Relay:
    """From the engine's events to a record's, on the event loop's thread."""

    record: Record
    positions: Positions
    tiles: int
    chunk_bytes: int
    done: int = field(default=0)

    def take(self, event: EngineEvent) -> None:
        match event:
            case Started():
                self.record.started()
                self.positions.moved(self.record)
            case Reported(event=TileDone()):
                self.done += 1
                self._tell(self.done / max(self.tiles, self.done))
            case Reported(event=PictureReady() as picture):
                self._tell(1.0)
                for message in events.chunks(encoded_picture(picture), self.chunk_bytes, g.GenerateImageResponse):
                    self.record.add(message)
            case Finished():
                self._finish(event)

    def _tell(self, fraction: float) -> None:
        eta_s = self.positions.engine.eta_s(self.record.id)
        progress = g.Progress(
            step=self.done, step_count=self.tiles, batch_count=1, fraction=fraction, eta=events.duration(eta_s)
        )
        self.record.progress = progress
        self.record.add(g.GenerateImageResponse(progress=progress))

    def _finish(self, finished: Finished) -> None:
        if finished.error is None:
            stopped = finished.outcome is Outcome.STOPPED
            count = self.record.images_done
            self.record.add(events.completed(finished.stats, image_count=count, stopped=stopped))
        self.record.end(ENDS[finished.outcome], finished.error)
        self.positions.moved(self.record)


def _read(image: t.Image) -> tuple[Pixels, str]:
    """The pixels (H, W, 3) of a picture without its transparency, as A1111 has it, and its infotext."""
    pixels = np.ascontiguousarray(decode_image(image, "image")[:, :, :3])
    if image.format == t.IMAGE_FORMAT_RAW_RGB:
        return pixels, ""
    return pixels, image_text.read(image.data).infotext


def _birth(resolved: p.UpscaleImageRequest, order: int) -> Birth:
    return Birth(
        request_id=resolved.request_id,
        order=order,
        model=resolved.upscaler,
        image_count=1,
        batch_count=1,
        task=resolved.task if resolved.HasField("task") else None,
    )
