"""The denoising service as a client drives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from latentwire.chunks import ChunkAssembler, Picture
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import denoising_service_pb2_grpc as dg
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import PATIENCE_S, Serving

RAW = t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB)
PROMPT = (d.Prompt(text="a red circle"),)


def stub(running: Serving) -> dg.DenoisingServiceAsyncStub:
    """A stub of DenoisingService."""
    return dg.DenoisingServiceStub(running.channel)


def values(tensor: t.Tensor) -> np.ndarray[Any, Any]:
    """The array of a float32 tensor."""
    return np.frombuffer(tensor.data, np.float32).reshape(tuple(tensor.shape))


def tensor(array: Any) -> t.Tensor:
    """A float32 tensor."""
    array = np.ascontiguousarray(array, np.float32)
    return t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=array.shape, data=array.tobytes())


def preparing(sampler: str = "Euler", steps: int = 4, /, *, seeds: Sequence[int] = (7,), **fields: Any) -> Any:
    """A small run to prepare."""
    sampling = t.SamplerSettings(sampler=sampler, steps=steps)
    noises = [t.NoiseSpec(seed=seed) for seed in seeds]
    usual = {"width": 64, "height": 64, "sampling": sampling, "noises": noises}
    return d.PrepareLatentsRequest(**{**usual, **fields})


async def prepared(running: Serving, *args: Any, **fields: Any) -> d.PrepareLatentsResponse:
    """A run, prepared."""
    return await stub(running).PrepareLatents(preparing(*args, **fields), timeout=PATIENCE_S)


def denoising(run: d.PrepareLatentsResponse, **fields: Any) -> d.DenoiseLatentsRequest:
    """Steps of a run to take."""
    return d.DenoiseLatentsRequest(**{"plans": run.plans, "states": run.states, "prompts": PROMPT, **fields})


async def denoised(running: Serving, request: d.DenoiseLatentsRequest) -> list[d.DenoiseLatentsResponse]:
    """All that DenoiseLatents answers."""
    return [response async for response in stub(running).DenoiseLatents(request, timeout=PATIENCE_S)]


async def predicted(running: Serving, **fields: Any) -> d.PredictDenoisedResponse:
    """What PredictDenoised answers."""
    request = d.PredictDenoisedRequest(**{"prompts": PROMPT, **fields})
    return await stub(running).PredictDenoised(request, timeout=PATIENCE_S)


async def decoded(running: Serving, latents: t.Tensor, output: t.ImageOptions = RAW) -> list[Picture]:
    """The pictures of DecodeLatents."""
    assembler = ChunkAssembler()
    call = stub(running).DecodeLatents(d.DecodeLatentsRequest(latents=latents, output=output), timeout=PATIENCE_S)
    return [picture async for part in call if (picture := assembler.add(part.image)) is not None]


def raw(pixels: Any) -> t.Image:
    """A picture of pixels (H, W, 3)."""
    height, width = pixels.shape[:2]
    return t.Image(data=pixels.tobytes(), width=width, height=height, format=t.IMAGE_FORMAT_RAW_RGB)


async def encoded(running: Serving, pixels: Any, **fields: Any) -> d.EncodeImageResponse:
    """What EncodeImage answers for pixels (H, W, 3)."""
    request = d.EncodeImageRequest(image=raw(pixels), **fields)
    return await stub(running).EncodeImage(request, timeout=PATIENCE_S)
