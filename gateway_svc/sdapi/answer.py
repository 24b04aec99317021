"""The bytes of an answer, put together once and not looked at again. Blocking: run it in a thread."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from gateway_svc.sdapi.schemas import Img2ImgRequest, Txt2ImgRequest

_QUOTE = b'"'


def body(request: Txt2ImgRequest | Img2ImgRequest, files: Sequence[bytes], info: str) -> bytes:
    """`{"images":[…],"parameters":{…},"info":"…"}`: pictures in base64, the request as it came, the info as text."""
    images = b",".join(_QUOTE + base64.b64encode(data) + _QUOTE for data in files)
    parameters = echo(request).encode()
    text = json.dumps(info).encode()
    return b"".join((b'{"images":[', images, b'],"parameters":', parameters, b',"info":', text, b"}"))


def echo(request: Txt2ImgRequest | Img2ImgRequest) -> str:
    """The request as JSON; input pictures only where it asks for them."""
    if isinstance(request, Img2ImgRequest) and not request.include_init_images:
        return request.model_copy(update={"init_images": None, "mask": None}).model_dump_json()
    return request.model_dump_json()
