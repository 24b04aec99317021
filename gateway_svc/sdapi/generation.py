"""One generation: asked for over gRPC, its pictures written as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway_svc.files import encode
from gateway_svc.inference.client import engine_of
from gateway_svc.inference.pictures import events
from gateway_svc.sdapi import checkpoint
from gateway_svc.sdapi.conversion import to_contract
from gateway_svc.sdapi.errors import warning
from gateway_svc.sdapi.job import Job
from gateway_svc.sdapi.prepare import file_format
from gateway_svc.sdapi.shots import Shot
from gateway_svc.services import Services
from latentwire.chunks import Picture
from latentwire.errors import Internal
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types
from latentwire.v1.types_pb2 import Model


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that the service said. `shots`: results in the order of their seeds, each with what comes beside it."""

    accepted: gs.Accepted
    completed: gs.Completed
    shots: Sequence[Shot]
    model: Model | None
    engine: str

    @property
    def results(self) -> Sequence[Shot]:
        """The pictures that were asked for."""
        return [shot for shot in self.shots if shot.is_result]

    @property
    def warnings(self) -> Sequence[str]:
        """What was changed or ignored, in words."""
        return [warning(text) for text in (*self.accepted.warnings, *self.completed.warnings)]


async def generate(job: Job, services: Services) -> Outcome:
    """Generates, with models that are not in memory loaded first. Raises LatentwireError."""
    try:
        return await services.loads.with_models(lambda: _generated(job, services))
    finally:
        services.shared.forget()


async def _generated(job: Job, services: Services) -> Outcome:
    """Follows the generation to its end; each picture is written in a thread while the next ones come.

    Pictures come as they are finished, and are returned in the order of their seeds. Raises LatentwireError.
    """
    inference = services.inference
    accepted, completed, model = gs.Accepted(), None, None
    writing: list[asyncio.Future[Shot]] = []
    try:
        async with inference.stream(inference.generations.GenerateImage, to_contract(job)) as call:
            async for event in events(call):
                match event:
                    case gs.Accepted():
                        services.shared.forget()
                        accepted, model = event, await _model(event.resolved.model, services)
                    case Picture():
                        writing.append(asyncio.ensure_future(written(job, _shot(job, event), services)))
                    case end:
                        completed = end
            engine = await engine_of(call)
        if completed is None:
            raise Internal("the stream ended without `completed`")
        shots = sorted(await asyncio.gather(*writing), key=lambda shot: (shot.picture.index, shot.picture.kind))
        services.metrics.images.inc(sum(shot.is_result for shot in shots))
        return Outcome(accepted, completed, shots, model, engine)
    finally:
        for task in writing:
            task.cancel()


async def written(job: Job, shot: Shot, services: Services) -> Shot:
    """The same with its file, in the format that the options name."""
    if shot.data:
        return shot
    return await services.in_thread(_written, job, shot)


async def _model(name: str, services: Services) -> Model | None:
    return checkpoint.find(await services.catalogue.models(), name)


def _shot(job: Job, picture: Picture) -> Shot:
    """A picture of a kind that only some formats can hold comes as a file already."""
    data = b"" if picture.format == types.IMAGE_FORMAT_RAW_RGB else picture.data
    return Shot(picture, data, job.prompt, job.negative_prompt)


def _written(job: Job, shot: Shot) -> Shot:
    told = shot.picture.infotext if job.options.enable_pnginfo and shot.is_result else ""
    data = encode(shot.picture, file_format(job.options), told)
    return Shot(shot.picture, data, shot.prompt, shot.negative_prompt)
