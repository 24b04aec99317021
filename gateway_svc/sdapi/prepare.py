"""From a request's body to a job: options, names, texts and pictures resolved, changes noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway_svc.files import FileFormat
from gateway_svc.sdapi import checkpoint, input_image, not_yet, saving, tasks
from gateway_svc.sdapi.changes import changes_of
from gateway_svc.sdapi.errors import Raised, Refused, invalid
from gateway_svc.sdapi.job import ALONE, KINDS, Folders, Job, Member
from gateway_svc.sdapi.names import img2img_upscaler_of, own_schedules, refiner_of, second_pass_of
from gateway_svc.sdapi.options import Options, UnknownOption
from gateway_svc.sdapi.options_file import SettingsFrozen
from gateway_svc.sdapi.schemas import Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.scripts import alwayson
from gateway_svc.sdapi.solver import Solver, resolve
from gateway_svc.sdapi.words import words_of
from gateway_svc.services import Services
from latentwire.v1.types_pb2 import Model

Body = Txt2ImgRequest | Img2ImgRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job is made of beside its request: whose it is, and what a script puts in place of the request's own."""

    owner: str = ""
    task_id: str = ""
    member: Member = ALONE
    images: tuple[bytes, ...] | None = None
    mask: bytes | None = None
    remarks: tuple[tuple[str, str], ...] = ()


async def job_of(body: Body, services: Services, asked: Asked) -> Job:
    """The job. Raises Refused, Raised or LatentwireError where there can't be one."""
    request = alwayson.applied(body, kind_of(body)).filled()
    not_yet.refuse(request)
    options = snapshot(services, request.override_settings or {}, keep=not request.override_settings_restore_afterwards)
    file_format(options)
    model = await model_of(options, services)
    solver = await solver_of(request, services)
    words = await words_of(request, options, services)
    second = await second_pass_of(request, solver, words, services)
    refiner = await refiner_of(request, services)
    images, mask = await inputs(request, asked, services)
    upscaler, fallback = await img2img_upscaler_of(options.upscaler_for_img2img if images else None, services)
    folders = await services.in_thread(_folders, request, options, services.settings.data_dir)
    said = (*alwayson.remarks(body, kind_of(body)), *changes_of(request, options, model))
    warned = (second.solver if second else solver).warnings
    return Job(
        request=_as_many(request, images),
        options=options,
        solver=solver,
        prompt=words.prompt,
        negative_prompt=words.negative_prompt,
        task_id=asked.task_id or task_id_of(request),
        owner=asked.owner,
        model=model.name if model else "",
        member=asked.member,
        init_images=images,
        mask=mask,
        upscaler=upscaler,
        second_pass=second,
        refiner=refiner,
        remarks=asked.remarks,
        folders=folders,
        warnings=(*warned, *words.warnings, *fallback, *said),
    )


def task_id_of(request: Body) -> str:
    """The client's id for the task, made legal, or a new one."""
    return tasks.legal(request.force_task_id) if request.force_task_id else tasks.fresh(kind_of(request))


def snapshot(services: Services, changes: Mapping[str, Any], *, keep: bool) -> Options:
    """The options with the request's own on top. Raises Raised for an unknown one, as A1111 does."""
    changes = services.options.settable({name: value for name, value in changes.items() if value is not None})
    try:
        return services.options.change(changes) if keep and changes else services.options.read().overlaid(changes)
    except UnknownOption as error:
        raise Raised("KeyError", repr(error.args[0])) from None
    except SettingsFrozen as error:
        raise Raised("AssertionError", str(error)) from None
    except ValidationError as error:
        raise invalid(error, "override_settings") from None


def file_format(options: Options) -> FileFormat:
    """How the pictures will be written. Raises Refused for a format that there is not."""
    form = FileFormat.named(options.samples_format, quality=options.jpeg_quality, lossless=options.webp_lossless)
    if form is None:
        raise Refused(500, "Invalid image format")
    return form


async def inputs(request: Body, asked: Asked, services: Services) -> tuple[tuple[bytes, ...], bytes]:
    """The files of init_images and mask. What may be fetched, no request can override. Raises Refused."""
    if not isinstance(request, Img2ImgRequest):
        return (), b""
    images = await input_images(request, services) if asked.images is None else asked.images
    if asked.mask is not None or not request.mask:
        return images, asked.mask or b""
    return images, await services.in_thread(input_image.read, request.mask, services.options.read())


async def input_images(request: Img2ImgRequest, services: Services) -> tuple[bytes, ...]:
    """The files of init_images. Raises Refused."""
    if not request.init_images:
        raise Refused(404, "Init image not found")
    stored = services.options.read()
    return tuple([await services.in_thread(input_image.read, text, stored) for text in request.init_images])


async def solver_of(request: Body, services: Services) -> Solver:
    """Sampler and schedule as the service knows them. Raises LatentwireError."""
    samplers = own_schedules(await services.catalogue.samplers())
    schedulers = await services.catalogue.schedulers()
    return resolve(request.sampler_name or request.sampler_index, request.scheduler, samplers, schedulers)


async def model_of(options: Options, services: Services) -> Model | None:
    """The checkpoint that the options name; None where they name none, or none that is there."""
    if not options.sd_model_checkpoint:
        return None
    return checkpoint.find(await services.catalogue.models(), options.sd_model_checkpoint)


def _folders(request: Body, options: Options, data_dir: Path) -> Folders:
    """Where the pictures are kept, ready for them. Raises InvalidArgument, or Raised where nothing can be written."""

    def folder(kind: str, wanted: bool) -> Path | None:
        name = f"outdir_{kind}"
        if not getattr(options, name):
            name = f"outdir_{kind_of(request)}_{kind}"
        if not (request.save_images and wanted):
            return None
        made = saving.folder_of(data_dir, name, getattr(options, name))
        try:
            saving.make_ready(made)
        except OSError as error:
            raise Raised(type(error).__name__, str(error)) from error
        return made

    return Folders(folder("samples", wanted=options.samples_save), folder("grids", wanted=options.grid_save))


def kind_of(request: Body) -> str:
    """ "txt2img" or "img2img"."""
    return KINDS[isinstance(request, Img2ImgRequest)]


def _as_many(request: Body, images: tuple[bytes, ...]) -> Body:
    """Several input pictures make as large a batch. Raises Raised when there are more than the batch takes."""
    if len(images) < 2:
        return request
    if len(images) > (request.batch_size or 1):
        raise Raised(
            "RuntimeError", f"bad number of images passed: {len(images)}; expecting {request.batch_size} or less"
        )
    return request.model_copy(update={"batch_size": len(images)})
