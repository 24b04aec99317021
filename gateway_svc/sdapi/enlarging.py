"""One picture of A1111's extras: asked for over gRPC, written as a file, with what was done to it in words."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from gateway_svc.files import FileFormat, image_of
from gateway_svc.inference.client import engine_of
from gateway_svc.sdapi.errors import Raised, Refused
from gateway_svc.sdapi.extras_schemas import Enlarging
from gateway_svc.sdapi.options import Options
from gateway_svc.services import Services
from latentwire import image_file, image_text, infotext
from latentwire.chunks import ChunkAssembler, Picture
from latentwire.errors import Aborted, FieldViolation, InvalidArgument, NotFound
from latentwire.image_file import FORMATS
from latentwire.v1 import postprocessing_service_pb2 as ps
from latentwire.v1 import types_pb2 as types

NOTHING = "None"
_LANCZOS = "Lanczos"
_SMALLEST_TILE, _LARGEST_TILE = 16, 4096
_FIELDS = {"scale": "upscaling_resize", "width": "upscaling_resize_w", "height": "upscaling_resize_h"}


@dataclass(frozen=True, slots=True)
class Enlarged:
    """A finished picture: its file, what was done to it, and who did it."""

    file: bytes
    done: str
    engine: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to one picture, with the options that hold for it."""

    body: Enlarging
    options: Options
    form: FileFormat
    task: types.Task


async def enlarged(data: bytes, order: Order, services: Services) -> Enlarged | None:
    """Makes one picture; None where it was interrupted before it began. Raises LatentwireError, Raised, Refused."""
    picture, engine = await _asked(to_contract(data, order), services)
    if picture is None:
        return None
    opacity = await _opacity(data, order, services)
    done = ", ".join(f"{key}: {infotext.quote(value)}" for key, value in what_was_done(order.body, picture))
    return Enlarged(await services.in_thread(_file, (picture, opacity), data, done, order), done, engine)


async def _asked(request: ps.UpscaleImageRequest, services: Services) -> tuple[Picture | None, str]:
    """The picture, and who made it."""
    inference, assembler = services.inference, ChunkAssembler()
    picture: Picture | None = None
    try:
        async with inference.stream(inference.postprocessing.UpscaleImage, request) as call:
            async for response in call:
                if response.WhichOneof("event") == "image":
                    picture = assembler.add(response.image) or picture
            return picture, await engine_of(call)
    except NotFound as error:
        raise Raised("AssertionError", f"could not find upscaler named {error.metadata.get('upscaler', '')}") from None
    except InvalidArgument as error:
        raise _in_our_words(error) from None


async def _opacity(data: bytes, order: Order, services: Services) -> Picture | None:
    """How opaque a picture is, as a grey one, larger by Lanczos; None for all of it, or where no file can tell."""
    grey = b"" if order.form.kind == "JPEG" else await services.in_thread(_opaque_part, data)
    if not grey:
        return None
    request = to_contract(grey, order)
    request.second_upscaler = NOTHING
    if request.upscaler != NOTHING:
        request.upscaler = _LANCZOS
    try:
        return (await _asked(request, services))[0]
    except Aborted:
        return None


def _opaque_part(data: bytes) -> bytes:
    """Nothing where all of it is opaque. Blocking: run it in a thread."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if not image.has_transparency_data:
            return b""
        opacity = image_file.upright(image).convert("RGBA").getchannel("A")
    return b"" if opacity.getextrema() == (255, 255) else image_file.encode(opacity, "PNG")


def to_contract(data: bytes, order: Order) -> ps.UpscaleImageRequest:
    """The request. Raises Raised for an upscaler without a name, which the contract takes for the default one."""
    body, options = order.body, order.options
    second = body.upscaler_2 if body.upscaler_1 != NOTHING else NOTHING
    if not body.upscaler_1 or not second:
        raise Raised("AssertionError", "could not find upscaler named ")
    tile = _tile(options.ESRGAN_tile)
    request = ps.UpscaleImageRequest(
        image=types.Image(data=data),
        upscaler=body.upscaler_1,
        second_upscaler=second,
        second_visibility=body.extras_upscaler_2_visibility,
        output=types.ImageOptions(format=types.IMAGE_FORMAT_RAW_RGB),
        tile=tile,
        overlap=min(max(options.ESRGAN_tile_overlap, 0), (tile or _LARGEST_TILE) // 2 - 1),
        task=order.task,
    )
    if body.resize_mode == 0:
        request.scale = body.upscaling_resize
    else:
        request.width, request.height = body.upscaling_resize_w, body.upscaling_resize_h
        request.crop = body.upscaling_crop
    return request


def what_was_done(body: Enlarging, picture: Picture) -> Iterator[tuple[str, object]]:
    """A1111's pairs, in its order; none where there was no upscaler."""
    if body.upscaler_1 == NOTHING:
        return
    if body.resize_mode == 0:
        yield "Postprocess upscale by", body.upscaling_resize
    else:
        yield "Postprocess upscale to", f"{body.upscaling_resize_w}x{body.upscaling_resize_h}"
        if body.upscaling_crop:
            yield "Postprocess crop to", f"{picture.width}x{picture.height}"
    yield "Postprocess upscaler", body.upscaler_1
    if body.upscaler_2 != NOTHING and body.extras_upscaler_2_visibility > 0:
        yield "Postprocess upscaler 2", body.upscaler_2


def paragraph(text: str) -> str:
    """A text as A1111 shows it on its page."""
    return f"<p>{html.escape(text)}</p>"


def ignored(body: Enlarging) -> Sequence[str]:
    """What of the request has no effect, in words."""
    wanted = {"gfpgan_visibility": body.gfpgan_visibility, "codeformer_visibility": body.codeformer_visibility}
    return [f"{name} was ignored: no face restorer is installed" for name, value in wanted.items() if value > 0]


def _tile(side: int) -> int:
    return side and min(max(side, _SMALLEST_TILE), _LARGEST_TILE)


def _file(made: tuple[Picture, Picture | None], source: bytes, done: str, order: Order) -> bytes:
    """The picture as a file with the texts of the one that it was made from. Blocking: run it in a thread."""
    form, image, opacity = order.form, image_of(made[0]), made[1]
    if opacity is not None:
        image.putalpha(image_of(opacity).convert("L"))
    if not order.options.enable_pnginfo:
        return image_file.encode(image, form.kind, quality=form.quality, lossless=form.lossless)
    found = image_text.read(source)
    texts = {**found.items, **({"postprocessing": done} if done else {})}
    return image_file.encode(
        image, form.kind, quality=form.quality, lossless=form.lossless, infotext=found.infotext, texts=texts
    )


def _in_our_words(error: InvalidArgument) -> Exception:
    """The error with the names that our fields have; a file that is no picture is refused as A1111 does."""
    if any(violation.field == "image.data" for violation in error.violations):
        return Refused(500, "Invalid encoded image")
    return InvalidArgument.join([_renamed(violation) for violation in error.violations])


def _renamed(violation: FieldViolation) -> FieldViolation:
    return replace(violation, field=_FIELDS.get(violation.field, violation.field))
