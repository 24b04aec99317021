"""A server on a free port, a channel to it, and calls that are read to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import wait
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from threading import Barrier, Event
from typing import Any

import grpc

from inference_svc.rpc.backend import Backend
from inference_svc.rpc.server import Listening, Server
from latentwire.chunks import ChunkAssembler, Picture
from latentwire.errors import LatentwireError
from latentwire.status import from_rpc_error
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import generation_service_pb2_grpc as gg
from latentwire.v1 import types_pb2 as t

PATIENCE_S = 50.0
"""Less than a test may take: what hangs is told by what it waits for."""
DEADLINES_S = (0.3, 3.0, 30.0)
"""For a call that is to arrive before its deadline and to be there when it passes: the first one that lets it."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server and a channel to it."""

    server: Server
    backend: Backend
    channel: grpc.aio.Channel

    @property
    def generation(self) -> gg.GenerationServiceAsyncStub:
        """A stub of GenerationService."""
        return gg.GenerationServiceStub(self.channel)


@dataclass(frozen=True, slots=True)
class Made:
    """A stream, read to its end."""

    events: tuple[g.GenerateImageResponse, ...]
    pictures: tuple[Picture, ...]

    @property
    def kinds(self) -> list[str]:
        """What happened, in order."""
        return [event.WhichOneof("event") or "" for event in self.events]

    @property
    def accepted(self) -> g.Accepted:
        """The first event."""
        return self.events[0].accepted

    @property
    def completed(self) -> g.Completed:
        """The last event."""
        return self.events[-1].completed


@asynccontextmanager
async def serving(backend: Backend, listening: Listening | None = None) -> AsyncIterator[Serving]:
    """Serves a backend, whose engine is started, until the end of the block."""
    server = Server(backend, listening or Listening())
    port = await server.start()
    await server.serving()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Serving(server, backend, channel)
    finally:
        await server.drain(0.0)


def asked(request_id: str = "", /, *, steps: int = 2, **fields: Any) -> g.GenerateImageRequest:
    """A small request."""
    usual = {
        "prompt": "a red circle",
        "width": 64,
        "height": 64,
        "sampling": t.SamplerSettings(steps=steps),
        "noise": t.NoiseSpec(seed=7),
    }
    return g.GenerateImageRequest(request_id=request_id, **{**usual, **fields})


async def make(stub: gg.GenerationServiceAsyncStub, request: g.GenerateImageRequest) -> Made:
    """Calls GenerateImage and reads all of it."""
    assembler = ChunkAssembler()
    events = [event async for event in stub.GenerateImage(request, timeout=PATIENCE_S)]
    chunks = [event.image for event in events if event.WhichOneof("event") == "image"]
    pictures = [picture for chunk in chunks if (picture := assembler.add(chunk)) is not None]
    return Made(tuple(events), tuple(pictures))


async def failure(call: object) -> LatentwireError:
    """Reads a call, unary or a stream, to its end, which must be an error, and returns that."""
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call  # type: ignore[misc]  # a unary call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    raise AssertionError("the call did not fail")


def known(running: Serving, request_id: str) -> bool:
    """Whether a server has admitted a generation of that id, and remembers it."""
    return any(record.id == request_id for record in running.server.book)


async def until(condition: Callable[[], bool]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.002)


@contextmanager
def nothing_prepared(running: Serving) -> Iterator[None]:
    """Holds both threads that decode and prepare what calls send, until the end of the block."""
    gate, begun = Event(), Barrier(3)

    def hold() -> None:
        begun.wait(PATIENCE_S)
        gate.wait()

    held = [running.server._executor.submit(hold) for _ in range(2)]
    begun.wait(PATIENCE_S)
    try:
        yield
    finally:
        gate.set()
        wait(held)
