"""What a client of txt2img and img2img gets: pictures kept where it asks for that, and the answer put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from gateway_svc.grid import grid
from gateway_svc.sdapi import answer
from gateway_svc.sdapi.conversion import unsigned_like
from gateway_svc.sdapi.generation import Outcome, generate, written
from gateway_svc.sdapi.info import Made, Told, info
from gateway_svc.sdapi.job import Job
from gateway_svc.sdapi.prepare import Body, file_format
from gateway_svc.sdapi.saving import save
from gateway_svc.sdapi.shots import Shot
from gateway_svc.services import Services
from latentwire.v1 import generation_service_pb2 as gs


@dataclass(frozen=True, slots=True)
class Finished:
    """All that a request came to. `sheets`, of several pictures each, go before the `shots`, and all are written."""

    job: Job
    outcome: Outcome
    sheets: Sequence[Shot]
    shots: Sequence[Shot]
    told: Sequence[Told]
    warnings: Sequence[str]


async def run(body: Body, job: Job, services: Services) -> Response:
    """Generates, and answers as A1111 does. Raises LatentwireError."""
    outcome = await generate(job, services)
    sheets: Sequence[Shot] = ()
    if body.save_images:
        sheets = await _grid(job, outcome.results, services)
        await services.in_thread(keep, job, outcome.results, sheets)
        sheets = sheets if job.options.return_grid else ()
    warnings = [*job.warnings, *outcome.warnings]
    finished = Finished(job, outcome, sheets, outcome.shots, _all_told(job, outcome.accepted), warnings)
    return await respond(body, finished, services)


async def respond(body: Body, finished: Finished, services: Services) -> Response:
    """The answer."""
    shots = [*finished.sheets, *finished.shots]
    warnings = list(dict.fromkeys(finished.warnings))
    made = Made(
        accepted=finished.outcome.accepted,
        infotexts=[shot.picture.infotext for shot in shots if shot.is_result],
        told=finished.told,
        model=finished.outcome.model,
        warnings=warnings,
        first_image=len(finished.sheets),
    )
    sent = [shot.data for shot in shots] if body.send_images else []
    data = await services.in_thread(answer.body, body, sent, info(finished.job, made))
    return Response(data, media_type="application/json", headers=headers(finished.outcome.engine, warnings))


def keep(job: Job, shots: Sequence[Shot], sheets: Sequence[Shot]) -> None:
    """Saves pictures, and several as one, each where its folder is wanted."""
    kind, asked = file_format(job.options).kind, job.request.seed
    for folder, kept in ((job.folders.samples, shots), (job.folders.grids, sheets)):
        if folder and kept:
            save(folder, kind, [unsigned_like(shot.picture.seed, asked) for shot in kept], [shot.data for shot in kept])


def headers(engine: str, warnings: Sequence[str]) -> dict[str, str]:
    """What an answer says beside its body."""
    found = {"X-Latentwire-Engine": engine, "X-Latentwire-Warning": header_text("; ".join(warnings))}
    return {name: value for name, value in found.items() if value}


def header_text(text: str, limit: int = 2000) -> str:
    """A text that fits in a header: ASCII, one line, at most `limit` characters."""
    line = " ".join(text.split()).encode("ascii", "backslashreplace").decode()
    return line if len(line) <= limit else line[: limit - 3] + "..."


def told_of(job: Job, prompt: str, negative_prompt: str, seeds: tuple[int, int]) -> Told:
    """What the info tells of a picture; its seeds, as the contract has them, become as the client counts."""
    seed, subseed = unsigned_like(seeds[0], job.request.seed), unsigned_like(seeds[1], job.request.subseed)
    return Told(prompt, negative_prompt, seed, subseed)


def _all_told(job: Job, accepted: gs.Accepted) -> Sequence[Told]:
    """Of every picture asked for, made or not."""
    seeds = zip(accepted.seeds, accepted.subseeds, strict=True)
    return [told_of(job, job.prompt, job.negative_prompt, pair) for pair in seeds]


async def _grid(job: Job, shots: Sequence[Shot], services: Services) -> Sequence[Shot]:
    """The pictures as one, where somebody wants it and there are several."""
    wanted = job.options.return_grid or job.folders.grids is not None
    if not wanted or len(shots) < 2:
        return ()
    sheet = await services.in_thread(grid, [shot.picture for shot in shots])
    return (await written(job, Shot(sheet, b"", shots[0].prompt, shots[0].negative_prompt), services),)
