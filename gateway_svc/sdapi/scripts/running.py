"""Runs scripts: every turn a generation of one task, the script itself in a thread."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from PIL import Image
from starlette.responses import Response

from gateway_svc.sdapi import checkpoint, styles
from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.generation import Outcome, generate, written
from gateway_svc.sdapi.info import Told
from gateway_svc.sdapi.job import Job, Member
from gateway_svc.sdapi.prepare import Asked, Body, input_images, job_of, kind_of, snapshot, task_id_of
from gateway_svc.sdapi.reply import Finished, keep, respond, told_of
from gateway_svc.sdapi.schemas import Img2ImgRequest
from gateway_svc.sdapi.scripts import describing, enlarging
from gateway_svc.sdapi.scripts.arguments import read
from gateway_svc.sdapi.scripts.registry import find
from gateway_svc.sdapi.scripts.script import Album, Ask, Call, Describe, Enlarge, Known, Shots, Steps, Stopped, Turn
from gateway_svc.sdapi.shots import Shot
from gateway_svc.services import Services
from latentwire.errors import Aborted
from latentwire.v1 import model_service_pb2 as ms

Answer: TypeAlias = Shots | Image.Image | str | Stopped | None
_SEEDS: Final = 4_294_967_294


@dataclass(slots=True)
class _Course:
    """Where a script stands: its task, and the generations that it has come to."""

    body: Body
    asked: Asked
    services: Services
    jobs: list[Job] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    async def take(self, turn: Turn) -> Shots:
        """The pictures of one generation. Raises Stopped once the task has been stopped, and LatentwireError."""
        asked = replace(
            self.asked,
            member=Member(turn.index, turn.count),
            images=turn.images if turn.images is not None else self.asked.images,
            mask=turn.mask if turn.mask is not None else self.asked.mask,
            remarks=turn.remarks,
        )
        job = await job_of(turn.request, self.services, asked)
        try:
            outcome = await generate(job, self.services)
        except Aborted as error:
            if error.reason == "TASK_STOPPED" and self.outcomes:
                raise Stopped from None
            raise
        self.jobs.append(job)
        self.outcomes.append(outcome)
        if turn.keep:
            await self.services.in_thread(keep, job, outcome.results, ())
        return tuple(outcome.results)


async def run_script(body: Body, services: Services, owner: str) -> Response:
    """Runs the script that the body names, and answers. Raises Refused, Raised and LatentwireError."""
    call = await _call(body, services)
    task_id = task_id_of(body)
    course = _Course(body, Asked(owner=owner, task_id=task_id, images=call.images or None), services)
    album = await _followed(find(body.script_name or "", kind_of(body)).run(call), course)
    if not course.outcomes:
        raise Raised("RuntimeError", f"script {body.script_name} has nothing to do")
    return await respond(body, await _finished(album, course), services)


async def _call(body: Body, services: Services) -> Call:
    script, kind = find(body.script_name or "", kind_of(body)), kind_of(body)
    request = body.filled()
    options = snapshot(services, request.override_settings or {}, keep=not request.override_settings_restore_afterwards)
    known = await known_names(services)
    values = read(script.arguments(known, kind), request.script_args)
    images = await input_images(request, services) if isinstance(request, Img2ImgRequest) else ()
    return Call(
        request=request.model_copy(update={"override_settings_restore_afterwards": True}),
        arguments=values,
        options=options,
        known=known,
        images=images,
        draw=lambda: secrets.randbelow(_SEEDS),
    )


async def known_names(services: Services) -> Known:
    """Names that arguments may take. Raises LatentwireError."""
    catalogue, upscalers = services.catalogue, await services.catalogue.upscalers()
    return Known(
        samplers=[sampler.name for sampler in await catalogue.samplers()],
        schedulers=[scheduler.label for scheduler in await catalogue.schedulers()],
        upscalers=[each.name for each in upscalers if each.kind == ms.UPSCALER_KIND_IMAGE],
        latent_modes=[each.name for each in upscalers if each.kind == ms.UPSCALER_KIND_LATENT],
        models=[checkpoint.title(model) for model in await catalogue.models()],
        styles=list(await services.in_thread(styles.read, services.settings.data_dir)),
    )


async def _followed(steps: Steps, course: _Course) -> Album:
    """Gives the script what it asks for, until it ends."""
    answer: Answer = None
    while True:
        asked = await course.services.in_thread(_next, steps, answer)
        match asked:
            case Album():
                return asked
            case Enlarge():
                answer = await enlarging.enlarged(asked, course.services)
            case Describe():
                answer = await describing.described(asked, course.services)
            case Turn():
                try:
                    answer = await course.take(asked)
                except Stopped as stopped:
                    answer = stopped


def _next(steps: Steps, answer: Answer) -> Ask | Album:
    try:
        return steps.throw(answer) if isinstance(answer, Stopped) else steps.send(answer)
    except StopIteration as end:
        album: Album = end.value
        return album


async def _finished(album: Album, course: _Course) -> Finished:
    """The album written and kept, with what all of its generations had to say."""
    job, services = course.jobs[0], course.services
    sheets = [await written(job, shot, services) for shot in album.sheets]
    shots = [await written(job, shot, services) for shot in album.shots]
    if course.body.save_images:
        made = [shots[number] for number, shot in enumerate(album.shots) if shot in album.made]
        await services.in_thread(keep, job, made, sheets)
    warnings = [text for each in course.jobs for text in each.warnings]
    warnings += [text for outcome in course.outcomes for text in outcome.warnings]
    told = [_told(job, shot) for shot in ([*sheets, *shots] if album.counted else shots)]
    return Finished(job, course.outcomes[0], sheets, shots, told, warnings)


def _told(job: Job, shot: Shot) -> Told:
    return told_of(job, shot.prompt, shot.negative_prompt, (shot.picture.seed, shot.picture.subseed))
