"""Pictures put into words, for scripts."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from gateway_svc.sdapi.scripts.script import Describe
from gateway_svc.services import Services
from latentwire.v1 import postprocessing_service_pb2 as ps
from latentwire.v1 import types_pb2 as types

_MODELS: Final = MappingProxyType({"CLIP": "", "DeepBooru": "deepdanbooru"})
"""What the service is asked for: its own captioner stands in for A1111's."""


async def described(asked: Describe, services: Services) -> str:
    """A caption, or a list of tags. Raises LatentwireError, FailedPrecondition where no such model is installed."""
    inference = services.inference
    request = ps.DescribeImageRequest(image=types.Image(data=asked.image), model=_MODELS[asked.model])
    answer = await inference.ask(inference.postprocessing.DescribeImage, request)
    return answer.caption or ", ".join(tag.name for tag in answer.tags)
