"""DenoisingService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.decode_latents import decode_latents
from inference_svc.rpc.denoising.denoise_latents import denoise_latents
from inference_svc.rpc.denoising.encode_image import encode_image
from inference_svc.rpc.denoising.encode_prompt import encode_prompt
from inference_svc.rpc.denoising.predict_denoised import predict_denoised
from inference_svc.rpc.denoising.prepare_latents import prepare_latents
from latentwire.v1 import denoising_service_pb2 as d


class DenoisingServicer:
    """The denoising loop, a piece at a time; each call's rows share batches with everybody else's."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def EncodePrompt(self, request: d.EncodePromptRequest, context: Any) -> d.EncodePromptResponse:
        """Reads prompts into the form that a model takes."""
        return await encode_prompt(self._bench, request, context.time_remaining())

    async def PrepareLatents(self, request: d.PrepareLatentsRequest, _: Any) -> d.PrepareLatentsResponse:
        """Makes plans and the states before the first step."""
        return await prepare_latents(self._bench, request)

    async def DenoiseLatents(
        self, request: d.DenoiseLatentsRequest, context: Any
    ) -> AsyncIterator[d.DenoiseLatentsResponse]:
        """Takes states from one step to another."""
        async with aclosing(denoise_latents(self._bench, request, context.time_remaining())) as responses:
            async for response in responses:
                yield response

    async def PredictDenoised(self, request: d.PredictDenoisedRequest, context: Any) -> d.PredictDenoisedResponse:
        """Evaluates the model once."""
        return await predict_denoised(self._bench, request, context.time_remaining())

    async def DecodeLatents(
        self, request: d.DecodeLatentsRequest, context: Any
    ) -> AsyncIterator[d.DecodeLatentsResponse]:
        """Turns latents into pictures."""
        async with aclosing(decode_latents(self._bench, request, context.time_remaining())) as responses:
            async for response in responses:
                yield response

    async def EncodeImage(self, request: d.EncodeImageRequest, context: Any) -> d.EncodeImageResponse:
        """Turns a picture into latents."""
        return await encode_image(self._bench, request, context.time_remaining())
