"""One client each for gRPC and REST: takes a job, waits for the whole picture, tells how long it took."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

import grpc
import httpx

from latentwire.v1 import generation_service_pb2, generation_service_pb2_grpc, types_pb2
from tools.bench.jobs import Job

Send = Callable[[Job], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished job: when it was sent, how long it took, in seconds, and the picture's bytes."""

    steps: int
    width: int
    sent_s: float
    latency_s: float
    picture_bytes: int

    def row(self) -> dict[str, object]:
        return asdict(self)


async def timed(send: Send, job: Job) -> Sample:
    """Sends one job and waits for its picture."""
    sent = time.monotonic()
    size = await send(job)
    return Sample(job.steps, job.width, sent, time.monotonic() - sent, size)


async def grpc_client(target: str, stack: AsyncExitStack) -> Send:
    """A client on a channel of its own; PNG as the REST side returns it."""
    channel = await stack.enter_async_context(grpc.aio.insecure_channel(target))
    stub = generation_service_pb2_grpc.GenerationServiceStub(channel)

    async def send(job: Job) -> int:
        size = 0
        async for response in stub.GenerateImage(grpc_request(job)):
            size += len(response.image.data)
        return size

    return send


async def rest_client(target: str, stack: AsyncExitStack) -> Send:
    """A client on a connection of its own, as A1111's users send."""
    client = await stack.enter_async_context(httpx.AsyncClient(base_url=target, timeout=600, trust_env=False))

    async def send(job: Job) -> int:
        response = await client.post("/sdapi/v1/txt2img", json=rest_body(job))
        response.raise_for_status()
        return len(response.json()["images"][0]) * 3 // 4

    return send


def grpc_request(job: Job) -> generation_service_pb2.GenerateImageRequest:
    return generation_service_pb2.GenerateImageRequest(
        prompt=job.prompt,
        width=job.width,
        height=job.height,
        sampling=types_pb2.SamplerSettings(sampler=job.sampler, steps=job.steps),
        guidance=types_pb2.GuidanceSettings(scale=job.guidance),
        noise=types_pb2.NoiseSpec(seed=job.seed),
    )


def rest_body(job: Job) -> dict[str, object]:
    return {
        "prompt": job.prompt,
        "width": job.width,
        "height": job.height,
        "sampler_name": job.sampler,
        "steps": job.steps,
        "cfg_scale": job.guidance,
        "seed": job.seed,
    }
