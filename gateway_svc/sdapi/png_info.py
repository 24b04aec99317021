"""/sdapi/v1/png-info: what a picture says about itself."""

from __future__ import annotations

import io
from typing import Any, Final

from fastapi import APIRouter
from PIL import Image
from pydantic import BaseModel

from gateway_svc.sdapi.coercion import Text
from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.input_image import decoded
from gateway_svc.services import ServicesOf
from latentwire import infotext

router = APIRouter(prefix="/sdapi/v1", tags=["pictures"])
_EXIF_IFD: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_TECHNICAL: Final = frozenset(
    {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "exif", "loop", "background", "timestamp"),
        *("duration", "progressive", "progression", "icc_profile", "chromaticity", "photoshop", "gamma", "srgb"),
        *("transparency", "interlace", "version", "extension", "parameters"),
    }
)


class PngInfoRequest(BaseModel):
    """The picture, in base64."""

    image: Text


@router.post("/png-info")
async def png_info(asked: PngInfoRequest, services: ServicesOf) -> dict[str, Any]:
    """Its infotext, the other texts in it, and the infotext read."""
    text, items = await services.in_thread(texts, decoded(asked.image))
    return {"info": text, "items": items, "parameters": infotext.complete(infotext.parse(text)) if text else {}}


def texts(data: bytes) -> tuple[str, dict[str, str]]:
    """The infotext of a file, and its other texts. Raises Refused. Blocking: run it in a thread."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            comment = image.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT)
            found = {str(key): value for key, value in image.info.items()}
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused(500, "Invalid encoded image") from None
    items = {key: _text(value) for key, value in found.items() if key not in _TECHNICAL and _is_text(value)}
    text = found.get("parameters") or user_comment(comment) or items.pop("comment", "")
    return str(text), items


def user_comment(value: object) -> str:
    """The text of an EXIF UserComment, which names its own encoding."""
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        # Nobody says in which order the bytes are; in the right one, a Latin letter's first byte is 0.
        order = "utf-16-be" if not text[:1].strip(b"\0") else "utf-16-le"
        return text.decode(order, "replace")
    return (text if code == b"ASCII\0\0\0" else value).decode("utf-8", "replace").strip("\0")


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
