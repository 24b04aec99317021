"""/sdapi/v1/interrogate: what a picture shows, in words. Only what a model says; without one, that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter

from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.extras_schemas import InterrogateRequest
from gateway_svc.sdapi.input_image import read
from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.png_info import texts
from gateway_svc.services import ServicesOf
from latentwire.errors import FailedPrecondition, InvalidArgument
from latentwire.v1 import postprocessing_service_pb2 as ps
from latentwire.v1 import types_pb2 as types

router = APIRouter(prefix="/sdapi/v1", tags=["pictures"])
_MODELS: Mapping[str, str] = MappingProxyType({"clip": "", "deepdanbooru": "deepdanbooru"})
"""What the service is asked for: its own captioner stands in for A1111's."""


@router.post("/interrogate")
async def interrogate(asked: InterrogateRequest, services: ServicesOf) -> dict[str, str]:
    """A caption, or a list of tags."""
    if not asked.image:
        raise Refused(404, "Image not found")
    data = await services.in_thread(_picture, asked.image.strip(), services.options.read())
    if asked.model not in _MODELS:
        raise Refused(404, "Model not found")
    request = ps.DescribeImageRequest(image=types.Image(data=data), model=_MODELS[asked.model])
    try:
        answer = await services.inference.ask(services.inference.postprocessing.DescribeImage, request)
    except FailedPrecondition:
        raise Refused(404, "Model not found") from None
    except InvalidArgument:
        raise Refused(500, "Invalid encoded image") from None
    return {"caption": answer.caption or ", ".join(tag.name for tag in answer.tags)}


def _picture(image: str, options: Options) -> bytes:
    """The file, which is one of a picture. Raises Refused. Blocking: run it in a thread."""
    data = read(image, options)
    texts(data)
    return data
