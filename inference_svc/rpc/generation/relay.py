"""From the engine's events to a record's: one relay for each generation, on the event loop's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from types import MappingProxyType

from inference_svc.engine import EngineEvent, Finished, Outcome, PictureDone, Reported, Started
from inference_svc.pipelines import PictureReady, Remark, StepDone
from inference_svc.rpc.conversion import events
from inference_svc.rpc.conversion.pictures import encoded_picture, step_of
from inference_svc.rpc.conversion.previews import encode_preview
from inference_svc.rpc.generation.progress import ProgressCounter, Step, is_due
from inference_svc.rpc.generation.record import Record
from inference_svc.rpc.generation.resuming import Beginning, Points
from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

ENDS: Mapping[Outcome, t.GenerationState.ValueType] = MappingProxyType(
    {
        Outcome.SUCCEEDED: t.GENERATION_STATE_SUCCEEDED,
        Outcome.STOPPED: t.GENERATION_STATE_SUCCEEDED,
        Outcome.CANCELLED: t.GENERATION_STATE_CANCELLED,
        Outcome.FAILED: t.GENERATION_STATE_FAILED,
    }
)
"""The state that each outcome ends in."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every relay needs of the server: `moved` is called when a generation has begun or ended."""

    executor: Executor
    eta_s: Callable[[str], float | None]
    moved: Callable[[Record], None]


class Relay:
    """Turns reports into events of the record."""

    def __init__(
        self, record: Record, resolved: g.GenerateImageRequest, facts: ModelFacts, around: Surroundings
    ) -> None:
        self._record, self._resolved, self._facts, self._around = record, resolved, facts, around
        self._progress = ProgressCounter(batch_size=resolved.batch_size, batch_count=resolved.batch_count)
        self._points = Points(resolved, Beginning())
        self._preview: asyncio.Future[None] | None = None
        self._remarks: dict[str, None] = {}
        self._batch, self._looks = 0, dict[int, StepDone]()
        self._shown = resolved.batch_size

    def begin(self, beginning: Beginning, steps: Iterable[Step]) -> None:
        """Takes in where the generation begins, and how far another server has come with the current batch."""
        begun = list(steps)
        self._points = Points(self._resolved, beginning)
        self._batch = max((step.batch for step in begun), default=0)
        self._shown -= sum(step.share == 1 for step in begun)
        progress = self._record.progress = self._progress.begin(begun)
        if progress is not None:
            self._points.began(progress)

    def take(self, event: EngineEvent) -> None:
        """Takes one event of the engine."""
        match event:
            case Started():
                self._record.started()
                self._around.moved(self._record)
            case Reported(event=StepDone() as step):
                self._step(event, step)
            case Reported(event=PictureReady() as picture):
                self._picture(picture)
            case PictureDone():
                self._points.over(event.picture)
            case Reported(event=Remark() as remark):
                self._remarks[remark.text] = None
            case Finished():
                self._finish(event)

    def _step(self, reported: Reported, done: StepDone) -> None:
        every = self._resolved.events.preview_every
        if every and done.step % every == 0:
            self._look(reported, done)
        self._points.stepped(reported.batch, done)
        progress = self._progress.count(step_of(reported, done))
        if progress is not None:
            self._tell(progress)

    def _tell(self, progress: g.Progress) -> None:
        eta = events.duration(self._around.eta_s(self._record.id))
        if eta is not None:
            progress.eta.CopyFrom(eta)
        self._record.progress = progress
        point = self._points.due(progress)
        if point is None and not is_due(progress, self._resolved.events.progress_every):
            return
        event = g.GenerateImageResponse(progress=progress)
        if point is not None:
            event.progress.resume_point.CopyFrom(point)
        self._record.add(event)

    def _picture(self, ready: PictureReady) -> None:
        picture = encoded_picture(ready)
        for message in events.chunks(picture, self._resolved.output.chunk_bytes, g.GenerateImageResponse):
            self._record.add(message)

    def _finish(self, finished: Finished) -> None:
        if finished.error is None:
            stopped = finished.outcome is Outcome.STOPPED
            done = self._record.images_done
            self._record.add(
                events.completed(finished.stats, image_count=done, stopped=stopped, warnings=tuple(self._remarks))
            )
        self._record.end(ENDS[finished.outcome], finished.error)
        self._around.moved(self._record)

    def _look(self, reported: Reported, done: StepDone) -> None:
        """Begins a preview: of this picture, or of its batch, once each that is sampled here has come as far."""
        if not self._resolved.events.preview_grid:
            self._begin_preview(reported.picture, [done])
            return
        if reported.batch != self._batch:
            self._batch, self._looks, self._shown = reported.batch, {}, self._resolved.batch_size
        self._looks[reported.picture] = done
        if len(self._looks) == self._shown:
            self._begin_preview(min(self._looks), [self._looks[picture] for picture in sorted(self._looks)])
            self._looks = {}

    def _begin_preview(self, picture: int, done: Sequence[StepDone]) -> None:
        """Encodes on another thread; while one is being made, further ones would be superseded and are left out."""
        if self._preview and not self._preview.done():
            return
        self._preview = asyncio.ensure_future(self._make_preview(picture, done))

    async def _make_preview(self, picture: int, done: Sequence[StepDone]) -> None:
        options = self._resolved.events.preview
        data, width, height = await asyncio.get_running_loop().run_in_executor(
            self._around.executor, encode_preview, [each.denoised for each in done], self._facts, options
        )
        if self._record.ended:
            return
        self._record.preview_count += 1
        self._record.preview = g.Preview(
            data=data,
            format=options.format,
            width=width,
            height=height,
            step=min(each.step for each in done),
            preview_id=self._record.preview_count,
            index=picture,
        )
        self._record.add(g.GenerateImageResponse(preview=self._record.preview))
