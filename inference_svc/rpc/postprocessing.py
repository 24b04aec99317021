"""PostprocessingService: what is done to finished pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Any

import numpy as np

from inference_svc.rpc.aside import Aside
from inference_svc.rpc.captioning import Captioner
from inference_svc.rpc.conversion.images import decode_image, decoding_elements
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.generation.reading import read
from inference_svc.rpc.upscaling import UpscalingAdmission
from latentwire.errors import FailedPrecondition
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import postprocessing_service_pb2 as p

_LONGEST_NAME = 256


class PostprocessingServicer:
    """Upscales in the engine's queue; what has no model here says so."""

    def __init__(self, admission: UpscalingAdmission, captioner: Captioner | None, aside: Aside) -> None:
        self._admission, self._captioner, self._aside = admission, captioner, aside

    async def UpscaleImage(self, request: p.UpscaleImageRequest, context: Any) -> AsyncIterator[p.UpscaleImageResponse]:
        """Makes a picture larger and streams how far it is."""
        record = await self._admission.admit(request, context.time_remaining())
        async with aclosing(read(record)) as entries:
            async for entry in entries:
                if (response := _response(entry.message)) is not None:
                    yield response

    async def RestoreFaces(self, request: p.RestoreFacesRequest, _: Any) -> None:
        """Refuses: no model for it can be installed."""
        raise _not_installed("face restoration", request.model)

    async def DescribeImage(self, request: p.DescribeImageRequest, _: Any) -> p.DescribeImageResponse:
        """Says what a picture shows, where a model for that is installed."""
        captioner = self._captioner
        if captioner is None or request.model not in ("", *captioner.models):
            raise _not_installed("description", request.model)
        elements = decoding_elements([request.image])
        pixels = await self._aside.call(elements, partial(decode_image, request.image, "image"))
        found = await captioner.describe(np.ascontiguousarray(pixels[:, :, :3]), request.model or captioner.models[0])
        tags = [p.ImageTag(name=name, confidence=confidence) for name, confidence in found.tags]
        return p.DescribeImageResponse(caption=found.caption, tags=tags)


def _response(message: g.GenerateImageResponse) -> p.UpscaleImageResponse | None:
    match message.WhichOneof("event"):
        case "progress":
            return p.UpscaleImageResponse(fraction=message.progress.fraction)
        case "image":
            return p.UpscaleImageResponse(image=message.image)
        case _:
            return None


def _not_installed(what: str, model: str) -> FailedPrecondition:
    violations = Violations()
    violations.text("model", model, _LONGEST_NAME)
    violations.check()
    named = f" named {model!r}" if model else ""
    return FailedPrecondition(f"no model for {what}{named} is installed", reason="MODEL_NOT_INSTALLED")
