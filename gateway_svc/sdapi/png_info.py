"""/sdapi/v1/png-info: what a picture says about itself."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from gateway_svc.sdapi.coercion import Text
from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.input_image import read
from gateway_svc.sdapi.options import Options
from gateway_svc.services import ServicesOf
from latentwire import image_text, infotext

router = APIRouter(prefix="/sdapi/v1", tags=["pictures"])


class PngInfoRequest(BaseModel):
    """The picture: base64, a data URL, or a web address."""

    image: Text


@router.post("/png-info")
async def png_info(asked: PngInfoRequest, services: ServicesOf) -> dict[str, Any]:
    """Its infotext, the other texts in it, and the infotext read."""
    found = await services.in_thread(_texts, asked.image.strip(), services.options.read())
    text = found.infotext
    return {
        "info": text,
        "items": dict(found.items),
        "parameters": infotext.complete(infotext.parse(text)) if text else {},
    }


def _texts(image: str, options: Options) -> image_text.Texts:
    """Raises Refused. Blocking: run it in a thread."""
    return texts(read(image, options))


def texts(data: bytes) -> image_text.Texts:
    """The texts of a file. Raises Refused as A1111 does where it is no picture."""
    try:
        return image_text.read(data)
    except ValueError:
        raise Refused(500, "Invalid encoded image") from None
