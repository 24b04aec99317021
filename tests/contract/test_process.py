"""The process as a user starts it: one line when it is ready, one sentence when it can't be, a drain at the end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from latentwire.v1 import generation_service_pb2_grpc as gg
from tests.contract.engines import SAYS
from tests.contract.serving import asked

_PATIENCE_S = 50


@asynccontextmanager
async def _started(*flags: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own, killed at the end if it is still there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LATENTWIRE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inference_svc", *flags,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _ready(process: asyncio.subprocess.Process, engine: str) -> int:
    """The port of the ready line."""
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), _PATIENCE_S)).decode()
    match = re.search(rf"ready on 127\.0\.0\.1:(\d+) after [\d.]+ s, engine {engine}", line)
    assert match is not None
    return int(match[1])


async def test_a_signal_drains_running_work_and_ends_well(engine: str, flatland_folder: Path) -> None:
    slowly = ("--fake-step-time=0.005",) if engine == "fake" else (f"--model={flatland_folder}",)
    async with _started("--port=0", f"--engine={SAYS[engine]}", *slowly) as process:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{await _ready(process, SAYS[engine])}") as channel:
            call = gg.GenerationServiceStub(channel).GenerateImage(asked(steps=100))
            events = aiter(call)
            assert (await anext(events)).HasField("accepted")
            process.send_signal(signal.SIGTERM)
            assert [event async for event in events][-1].HasField("completed")
        assert await asyncio.wait_for(process.wait(), _PATIENCE_S) == 0


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with _started("--engine=fake", "--port", str(port)) as process:
            _, told = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    assert process.returncode == 2
    assert re.fullmatch(rf"inference: Cannot listen on 127\.0\.0\.1:{port}: [^\n]*\n", told.decode())


async def test_the_settings_are_printed_without_secrets() -> None:
    async with _started("--engine=fake", "--token", "geheim", "--print-config") as process:
        told, _ = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    assert process.returncode == 0
    assert b'"engine": "fake"' in told
    assert b"geheim" not in told
