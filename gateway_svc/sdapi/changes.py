"""What a request won't get, or not as it was written, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway_svc.sdapi.conversion import EMPHASIS, NOISE_SOURCES, PREVIEW_FORMATS
from gateway_svc.sdapi.job import asked_size, floored
from gateway_svc.sdapi.later_passes import REFINER_PASSES
from gateway_svc.sdapi.options import INERT, Options
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.starting_point import FILLS, RESIZE_MODES
from latentwire.v1.types_pb2 import Model


def changes_of(request: GenerationRequest, options: Options, model: Model | None) -> Iterator[str]:
    """A sentence for each change."""
    yield from _sizes(request)
    yield from _names(options, model)
    yield from _numbers(request, options)
    if options.face_restoration if request.restore_faces is None else request.restore_faces:
        yield "restore_faces was ignored: no face restorer is installed"
    for name in INERT:
        if getattr(options, name) != Options.model_fields[name].default:
            yield f"option {name} has no effect here"


def _sizes(request: GenerationRequest) -> Iterator[str]:
    yield from _floored("size", *asked_size(request))
    if isinstance(request, Txt2ImgRequest) and request.enable_hr:
        yield from _floored("hr_resize", request.hr_resize_x or 0, request.hr_resize_y or 0)
        if request.denoising_strength is None:
            yield "denoising_strength was not given: 0.7 was used for the second pass"


def _floored(name: str, width: int, height: int) -> Iterator[str]:
    if (width, height) != (floored(width), floored(height)):
        yield f"{name} {width}x{height} was floored to {floored(width)}x{floored(height)}"


def _names(options: Options, model: Model | None) -> Iterator[str]:
    if options.sd_model_checkpoint and model is None:
        yield f'checkpoint "{options.sd_model_checkpoint}" is not known: the default model was used'
    if options.sd_vae not in ("Automatic", "None"):
        yield f'sd_vae "{options.sd_vae}" was ignored: the model\'s own VAE was used'
    yield from _unknown("emphasis", options.emphasis, EMPHASIS, "Original")
    yield from _unknown("randn_source", options.randn_source, NOISE_SOURCES, "NV")
    yield from _unknown("live_previews_image_format", options.live_previews_image_format, PREVIEW_FORMATS, "png")
    yield from _unknown("hires_fix_refiner_pass", options.hires_fix_refiner_pass, REFINER_PASSES, "second pass")


def _unknown(name: str, value: str, known: object, used: str) -> Iterator[str]:
    if isinstance(known, dict) and value not in known:
        yield f'{name} "{value}" is not known: "{used}" was used'


def _numbers(request: GenerationRequest, options: Options) -> Iterator[str]:
    if options.CLIP_stop_at_last_layers < 1:
        yield f"CLIP_stop_at_last_layers {options.CLIP_stop_at_last_layers} is not known: 1 was used"
    if isinstance(request, Img2ImgRequest):
        yield from _outside("resize_mode", request.resize_mode or 0, RESIZE_MODES)
        yield from _outside("inpainting_fill", request.inpainting_fill or 0, FILLS)


def _outside(name: str, value: int, known: Sequence[object]) -> Iterator[str]:
    if not 0 <= value < len(known):
        yield f"{name} {value} is not known: 0 was used"
