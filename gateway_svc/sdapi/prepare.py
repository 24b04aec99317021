"""From a request's body to a job: options, names, texts and pictures resolved, changes noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway_svc.files import FileFormat
from gateway_svc.sdapi import checkpoint, input_image, not_yet, prompt_text, saving, styles, tasks
from gateway_svc.sdapi.conversion import EMPHASIS, NOISE_SOURCES, PREVIEW_FORMATS, RESIZE_MODES
from gateway_svc.sdapi.errors import Raised, Refused, invalid
from gateway_svc.sdapi.job import KINDS, Folders, Job, asked_size, floored
from gateway_svc.sdapi.options import INERT, Options, UnknownOption
from gateway_svc.sdapi.options_file import SettingsFrozen
from gateway_svc.sdapi.schemas import Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.solver import Solver, resolve
from gateway_svc.services import Services
from latentwire.v1.types_pb2 import Model

Body = Txt2ImgRequest | Img2ImgRequest


@dataclass(frozen=True, slots=True)
class Words:
    """Both prompts, ready."""

    prompt: str
    negative_prompt: str
    warnings: tuple[str, ...] = ()


async def job_of(body: Body, services: Services, owner: str) -> Job:
    """The job. Raises Refused, Raised or LatentwireError where there can't be one."""
    request = body.filled()
    not_yet.refuse(request)
    options = snapshot(services, request.override_settings or {}, keep=not request.override_settings_restore_afterwards)
    file_format(options)
    model = await model_of(options, services)
    solver = await solver_of(request, services)
    words = await words_of(request, options, services)
    images = await input_images(request, services) if isinstance(request, Img2ImgRequest) else ()
    folders = await services.in_thread(_folders, request, options, services.settings.data_dir)
    return Job(
        request=_as_many(request, images),
        options=options,
        solver=solver,
        prompt=words.prompt,
        negative_prompt=words.negative_prompt,
        task_id=tasks.legal(request.force_task_id) if request.force_task_id else tasks.fresh(_kind(request)),
        owner=owner,
        model=model.name if model else "",
        init_images=images,
        folders=folders,
        warnings=(*solver.warnings, *words.warnings, *changes_of(request, options, model)),
    )


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


async def input_images(request: Img2ImgRequest, services: Services) -> tuple[bytes, ...]:
    """The files of init_images. What may be fetched, no request can override. Raises Refused."""
    if not request.init_images:
        raise Refused(404, "Init image not found")
    stored = services.options.read()
    return tuple([await services.in_thread(input_image.read, text, stored) for text in request.init_images])


async def solver_of(request: Body, services: Services) -> Solver:
    """Sampler and schedule as the service knows them. Raises LatentwireError."""
    samplers = [sampler.name for sampler in await services.catalogue.samplers()]
    schedulers = await services.catalogue.schedulers()
    return resolve(request.sampler_name or request.sampler_index, request.scheduler, samplers, schedulers)


async def model_of(options: Options, services: Services) -> Model | None:
    """The checkpoint that the options name; None where they name none, or none that is there."""
    if not options.sd_model_checkpoint:
        return None
    return checkpoint.find(await services.catalogue.models(), options.sd_model_checkpoint)


async def words_of(request: Body, options: Options, services: Services) -> Words:
    """Both prompts as they go to the service: with styles, without comments and disabled networks."""
    asked = request.styles or []
    known = await services.in_thread(styles.read, services.settings.data_dir) if asked else {}
    chosen = [known[name] for name in asked if name in known]
    prompt = styles.applied(request.prompt or "", [style.prompt for style in chosen])
    negative = styles.applied(request.negative_prompt or "", [style.negative_prompt for style in chosen])
    return Words(
        _cleared(prompt, request, options),
        _cleared(negative, request, options),
        tuple(f'style "{name}" is not known and was ignored' for name in asked if name not in known),
    )


def _cleared(text: str, request: Body, options: Options) -> str:
    text = prompt_text.without_comments(text) if options.enable_prompt_comments else text
    return prompt_text.without_networks(text) if request.disable_extra_networks else text


def _folders(request: Body, options: Options, data_dir: Path) -> Folders:
    """Where the pictures are kept, ready for them. Raises InvalidArgument, or Raised where nothing can be written."""

    def folder(kind: str, wanted: bool) -> Path | None:
        name = f"outdir_{kind}"
        if not getattr(options, name):
            name = f"outdir_{_kind(request)}_{kind}"
        if not (request.save_images and wanted):
            return None
        made = saving.folder_of(data_dir, name, getattr(options, name))
        try:
            saving.make_ready(made)
        except OSError as error:
            raise Raised(type(error).__name__, str(error)) from error
        return made

    return Folders(folder("samples", wanted=options.samples_save), folder("grids", wanted=options.grid_save))


def _kind(request: Body) -> str:
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


def changes_of(request: Body, options: Options, model: Model | None) -> Iterator[str]:
    """What the request won't get, or not as it was written, in words."""
    yield from _changed_size(request)
    yield from _changed_names(request, options, model)
    if options.face_restoration if request.restore_faces is None else request.restore_faces:
        yield "restore_faces was ignored: no face restorer is installed"
    for name in INERT:
        if getattr(options, name) != Options.model_fields[name].default:
            yield f"option {name} has no effect here"


def _changed_size(request: Body) -> Iterator[str]:
    width, height = asked_size(request)
    if (width, height) != (floored(width), floored(height)):
        yield f"size {width}x{height} was floored to {floored(width)}x{floored(height)}"


def _changed_names(request: Body, options: Options, model: Model | None) -> Iterator[str]:
    if options.sd_model_checkpoint and model is None:
        yield f'checkpoint "{options.sd_model_checkpoint}" is not known: the default model was used'
    if options.emphasis not in EMPHASIS:
        yield f'emphasis "{options.emphasis}" is not known: "Original" was used'
    if options.randn_source not in NOISE_SOURCES:
        yield f'randn_source "{options.randn_source}" is not known: "NV" was used'
    if options.live_previews_image_format not in PREVIEW_FORMATS:
        yield f'live_previews_image_format "{options.live_previews_image_format}" is not known: "png" was used'
    if options.sd_vae not in ("Automatic", "None"):
        yield f'sd_vae "{options.sd_vae}" was ignored: the model\'s own VAE was used'
    if isinstance(request, Img2ImgRequest) and not 0 <= (request.resize_mode or 0) < len(RESIZE_MODES):
        yield f"resize_mode {request.resize_mode} is not known: 0 was used"
