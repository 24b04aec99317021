"""What /api/v1 costs beside the same call by gRPC."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack

import grpc
import httpx

from latentwire.v1 import generation_service_pb2, generation_service_pb2_grpc, model_service_pb2, model_service_pb2_grpc
from tools.bench.clients import grpc_request
from tools.bench.jobs import Job
from tools.bench.processes import gateway, inference
from tools.bench.statistics import median
from tools.bench.table import table

Ask = Callable[[], Awaitable[int]]
_JOBS = {"128×128, 4 steps": Job(7, 128, 128, 4, "Euler"), "128×128, 20 steps": Job(7, 128, 128, 20, "Euler")}


def transcoding(model: Sequence[str], repeats: int) -> str:
    """Milliseconds of equal calls, from the request to the answer's last byte, gRPC, NDJSON and Server-Sent Events by
    turns, one client; medians."""
    with ExitStack() as stack:
        address = stack.enter_context(inference(*model))
        data_dir = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(gateway(address, data_dir))
        return asyncio.run(_measured(address, url, repeats))


async def _measured(address: str, url: str, repeats: int) -> str:
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=600, trust_env=False))
        rows = [await _row("ListSamplers", _lists(channel, client), repeats * 10)]
        for name, job in _JOBS.items():
            rows.append(await _row(f"GenerateImage, {name}", _generations(channel, client, job), repeats))
    return table(("call", "gRPC ms", "JSON or NDJSON ms", "events ms", "NDJSON minus gRPC ms"), rows)


async def _row(name: str, faces: Mapping[str, Ask], repeats: int) -> Sequence[str]:
    times: dict[str, list[float]] = {face: [] for face in faces}
    for turn in range(repeats + 1):
        for face, ask in faces.items():
            began = time.perf_counter()
            await ask()
            if turn:  # the first one warms up
                times[face].append((time.perf_counter() - began) * 1000)
    middle = {face: median(values) for face, values in times.items()}
    events = f"{middle['events']:.1f}" if "events" in middle else ""
    return (name, f"{middle['gRPC']:.1f}", f"{middle['lines']:.1f}", events, f"{middle['lines'] - middle['gRPC']:.1f}")


def _lists(channel: grpc.aio.Channel, client: httpx.AsyncClient) -> dict[str, Ask]:
    stub = model_service_pb2_grpc.ModelServiceStub(channel)

    async def by_grpc() -> int:
        return len((await stub.ListSamplers(model_service_pb2.ListSamplersRequest())).samplers)

    async def by_rest() -> int:
        return len((await client.get("/api/v1/samplers")).raise_for_status().json()["samplers"])

    return {"gRPC": by_grpc, "lines": by_rest}


def _generations(channel: grpc.aio.Channel, client: httpx.AsyncClient, job: Job) -> dict[str, Ask]:
    stub = generation_service_pb2_grpc.GenerationServiceStub(channel)
    request: generation_service_pb2.GenerateImageRequest = grpc_request(job)
    body = {
        "prompt": job.prompt,
        "width": job.width,
        "height": job.height,
        "sampling": {"sampler": job.sampler, "steps": job.steps},
        "guidance": {"scale": job.guidance},
        "noise": {"seed": str(job.seed)},
    }

    async def by_grpc() -> int:
        return sum([len(event.image.data) async for event in stub.GenerateImage(request)])

    async def by_rest(accept: str) -> int:
        response = await client.post("/api/v1/images:generate", json=body, headers={"Accept": accept})
        return len(response.raise_for_status().content)

    return {
        "gRPC": by_grpc,
        "lines": lambda: by_rest("application/x-ndjson"),
        "events": lambda: by_rest("text/event-stream"),
    }
