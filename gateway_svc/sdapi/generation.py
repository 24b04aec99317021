"""One generation: asked for over gRPC, its pictures written as they come, its answer put together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from gateway_svc.files import encode
from gateway_svc.grid import grid
from gateway_svc.inference.client import engine_of
from gateway_svc.inference.pictures import events
from gateway_svc.sdapi import answer, checkpoint
from gateway_svc.sdapi.conversion import to_contract, unsigned_like
from gateway_svc.sdapi.info import Made, info
from gateway_svc.sdapi.job import Job
from gateway_svc.sdapi.prepare import Body, file_format
from gateway_svc.sdapi.saving import save
from gateway_svc.services import Services
from latentwire.chunks import Picture
from latentwire.errors import Internal
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1.types_pb2 import Model


@dataclass(frozen=True, slots=True)
class File:
    """One finished picture, written."""

    picture: Picture
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that the service said."""

    accepted: gs.Accepted
    completed: gs.Completed
    files: Sequence[File]
    model: Model | None
    engine: str


async def run(body: Body, job: Job, services: Services) -> Response:
    """Generates, and answers as A1111 does. Raises LatentwireError."""
    outcome = await generate(job, services)
    files = list(outcome.files)
    if body.save_images:
        sheets = await _grid(job, files, services)
        await services.in_thread(_keep, job, files, sheets)
        files = [*(sheets if job.options.return_grid else ()), *files]
    warnings = list(dict.fromkeys([*job.warnings, *outcome.accepted.warnings, *outcome.completed.warnings]))
    first = len(files) - len(outcome.files)
    made = Made(outcome.accepted, [file.picture.infotext for file in files], outcome.model, warnings, first_image=first)
    sent = [file.data for file in files] if body.send_images else []
    data = await services.in_thread(answer.body, body, sent, info(job, made))
    services.metrics.images.inc(len(outcome.files))
    return Response(data, media_type="application/json", headers=headers(outcome.engine, warnings))


async def generate(job: Job, services: Services) -> Outcome:
    """Generates, with models that are not in memory loaded first. Raises LatentwireError."""
    return await services.loads.with_models(lambda: _generated(job, services))


async def _generated(job: Job, services: Services) -> Outcome:
    """Follows the generation to its end; each picture is written in a thread while the next ones come.

    Pictures come as they are finished, and are returned in the order of their seeds.
    """
    inference = services.inference
    accepted, completed, model = gs.Accepted(), None, None
    writing: list[asyncio.Future[File]] = []
    try:
        async with inference.stream(inference.generations.GenerateImage, to_contract(job)) as call:
            async for event in events(call):
                match event:
                    case gs.Accepted():
                        accepted, model = event, await _model(event.resolved.model, services)
                    case Picture():
                        writing.append(asyncio.ensure_future(_write(job, event, services)))
                    case end:
                        completed = end
            engine = await engine_of(call)
        if completed is None:
            raise Internal("the stream ended without `completed`")
        files = sorted(await asyncio.gather(*writing), key=lambda file: file.picture.index)
        return Outcome(accepted, completed, files, model, engine)
    finally:
        for task in writing:
            task.cancel()


def headers(engine: str, warnings: Sequence[str]) -> dict[str, str]:
    """What an answer says beside its body."""
    found = {"X-Latentwire-Engine": engine, "X-Latentwire-Warning": header_text("; ".join(warnings))}
    return {name: value for name, value in found.items() if value}


def header_text(text: str, limit: int = 2000) -> str:
    """A text that fits in a header: ASCII, one line, at most `limit` characters."""
    line = " ".join(text.split()).encode("ascii", "backslashreplace").decode()
    return line if len(line) <= limit else line[: limit - 3] + "..."


async def _model(name: str, services: Services) -> Model | None:
    return checkpoint.find(await services.catalogue.models(), name)


async def _write(job: Job, picture: Picture, services: Services) -> File:
    return File(picture, await services.in_thread(_encoded, job, picture))


def _encoded(job: Job, picture: Picture) -> bytes:
    return encode(picture, file_format(job.options), picture.infotext if job.options.enable_pnginfo else "")


async def _grid(job: Job, files: Sequence[File], services: Services) -> Sequence[File]:
    """The pictures as one, where somebody wants it and there are several."""
    wanted = job.options.return_grid or job.folders.grids is not None
    if not wanted or len(files) < 2:
        return ()
    sheet = await services.in_thread(grid, [file.picture for file in files])
    return (await _write(job, sheet, services),)


def _keep(job: Job, files: Sequence[File], sheets: Sequence[File]) -> None:
    kind, asked = file_format(job.options).kind, job.request.seed
    for folder, kept in ((job.folders.samples, files), (job.folders.grids, sheets)):
        if folder:
            save(folder, kind, [unsigned_like(file.picture.seed, asked) for file in kept], [file.data for file in kept])
