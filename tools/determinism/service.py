"""Both services in this process: the inference service on a free port, the gateway before it through ASGI."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx2

from gateway_svc.app import create_app
from gateway_svc.settings import Settings as GatewaySettings
from inference_svc.engine import EngineSettings
from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.flags import read_settings
from inference_svc.real_backend import real_backend
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.server import Listening, Server
from latentwire.v1 import generation_service_pb2_grpc as gg

PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Faces:
    """The two ways in, and which engine is behind them."""

    engine: str
    generation: gg.GenerationServiceAsyncStub
    rest: httpx2.AsyncClient


@asynccontextmanager
async def serving(engine: str) -> AsyncIterator[Faces]:
    """Serves "fake", or "onnx" with the embedded model, once it is ready, until the end of the block."""
    backend = _backend(engine)
    server = Server(backend, Listening())
    port = await server.start()
    await backend.catalogue.ready()
    await server.serving()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, _gateway(port) as rest:
            yield Faces(engine, gg.GenerationServiceStub(channel), rest)
    finally:
        await server.drain(0.0)


def _backend(engine: str) -> Backend:
    if engine == "fake":
        return fake_backend(FakeOptions())
    return real_backend(read_settings({"engine": engine, "device": "cpu"}, {}), EngineSettings())


@asynccontextmanager
async def _gateway(inference_port: int) -> AsyncIterator[httpx2.AsyncClient]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(GatewaySettings(inference=f"127.0.0.1:{inference_port}", data_dir=Path(folder)))
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gateway", timeout=PATIENCE_S) as client:
                yield client
