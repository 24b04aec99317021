"""Larger pictures, for scripts."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from gateway_svc.sdapi.scripts.script import Enlarge
from gateway_svc.services import Services
from latentwire.chunks import ChunkAssembler, Picture
from latentwire.errors import Internal
from latentwire.v1 import postprocessing_service_pb2 as ps
from latentwire.v1 import types_pb2 as types

_AS_IT_IS: Final = "None"


async def enlarged(asked: Enlarge, services: Services) -> Image.Image:
    """The picture, made larger by the inference service. Raises LatentwireError."""
    if asked.upscaler == _AS_IT_IS:
        return asked.image
    inference, assembler = services.inference, ChunkAssembler()
    request = await services.in_thread(_request, asked)
    picture: Picture | None = None
    async with inference.stream(inference.postprocessing.UpscaleImage, request) as call:
        async for response in call:
            if response.WhichOneof("event") == "image":
                picture = assembler.add(response.image) or picture
    if picture is None:
        raise Internal("the stream ended without a picture")
    return await services.in_thread(_image, picture)


def _request(asked: Enlarge) -> ps.UpscaleImageRequest:
    file = io.BytesIO()
    asked.image.save(file, "PNG", compress_level=1)
    output = types.ImageOptions(format=types.IMAGE_FORMAT_PNG, embed_infotext=False)
    return ps.UpscaleImageRequest(
        image=types.Image(data=file.getvalue()), upscaler=asked.upscaler, scale=asked.scale, output=output
    )


def _image(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data)).convert("RGB")
