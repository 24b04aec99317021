"""The service in this process: readiness, metrics, and every way to its end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from inference_svc.flags import read_settings
from inference_svc.service import LOST, CannotStart, serve
from latentwire.ports import held
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import generation_service_pb2_grpc as gg
from tests.contract.engines import SAYS
from tests.contract.serving import PATIENCE_S, asked, failure, make

Printed = pytest.CaptureFixture[str]


def _serve(**given: Any) -> asyncio.Task[int]:
    settings = read_settings({"engine": "fake", "port": "0", **given}, {})
    return asyncio.create_task(serve(settings, time.monotonic()))


async def _port(service: asyncio.Task[int], printed: Printed) -> int:
    """Waits for the ready line."""
    told = ""
    async with asyncio.timeout(PATIENCE_S):
        while not (match := re.search(r"ready on [^ ]*:(\d+) after", told)):
            assert not service.done()
            await asyncio.sleep(0.005)
            told += printed.readouterr().out
    return int(match[1])


@pytest.fixture
def flags(engine: str, flatland_folder: Path) -> dict[str, str]:
    """The flags that ask for the engine under test."""
    model = {"model": str(flatland_folder), "device": "cpu"} if engine == "real" else {}
    return {"engine": SAYS[engine], **model}


async def test_a_service_tells_its_address_serves_and_ends_when_told(
    capsys: Printed, engine: str, flags: dict[str, str]
) -> None:
    service = _serve(**flags)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await _port(service, capsys)}") as channel:
        call = gg.GenerationServiceStub(channel).GetGeneration(g.GetGenerationRequest(request_id="nobody"))
        assert dict(await call.initial_metadata() or ())["x-latentwire-engine"] == SAYS[engine]
        assert (await make(gg.GenerationServiceStub(channel), asked())).kinds[-1] == "completed"
    os.kill(os.getpid(), signal.SIGTERM)
    assert await service == 0


async def test_a_second_signal_cancels_what_still_runs(capsys: Printed) -> None:
    service = _serve(fake_step_time="0.02")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await _port(service, capsys)}") as channel:
        call = gg.GenerationServiceStub(channel).GenerateImage(asked(steps=150, batch_count=100))
        assert (await anext(aiter(call))).HasField("accepted")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        assert (await failure(call)).code == "CANCELLED"
    assert await service == 0


async def test_a_lost_device_ends_the_service(capsys: Printed) -> None:
    service = _serve(fake_lose_device_at="2")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await _port(service, capsys)}") as channel:
        assert (await failure(gg.GenerationServiceStub(channel).GenerateImage(asked(steps=5)))).reason == "DEVICE_LOST"
    assert await service == LOST


async def test_an_id_can_not_forge_a_line_of_the_log(
    capsys: Printed, caplog: pytest.LogCaptureFixture, flags: dict[str, str]
) -> None:
    service = _serve(**flags)
    with caplog.at_level("INFO", logger="latentwire.rpc"):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{await _port(service, capsys)}") as channel:
            await failure(gg.GenerationServiceStub(channel).GenerateImage(asked("a\nERROR all is lost")))
        os.kill(os.getpid(), signal.SIGTERM)
        assert await service == 0
    (line,) = (record.getMessage() for record in caplog.records if "GenerateImage" in record.getMessage())
    assert "request_id=a?ERROR?all?is?lost peer=" in line


@pytest.fixture
def metrics_port() -> Iterator[int]:
    with held("127.0.0.1", 0, "--metrics-port") as port:
        yield port


async def test_metrics_count_calls_and_work(capsys: Printed, flags: dict[str, str], metrics_port: int) -> None:
    service = _serve(**flags, metrics_port=str(metrics_port))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await _port(service, capsys)}") as channel:
        stub = gg.GenerationServiceStub(channel)
        await make(stub, asked())
        await failure(stub.GenerateImage(asked(steps=0)))
    text = await asyncio.to_thread(_read, f"http://127.0.0.1:{metrics_port}/metrics")
    method = 'method="/latentwire.v1.GenerationService/GenerateImage"'
    for line in (
        f'latentwire_rpc_calls_total{{code="OK",{method}}} 1.0',
        f'latentwire_rpc_calls_total{{code="INVALID_ARGUMENT",{method}}} 1.0',
        'latentwire_rows_total{kind="denoise"} 4.0',
        'latentwire_requests_ended_total{outcome="succeeded"} 1.0',
        "latentwire_requests_waiting 0.0",
    ):
        assert line in text
    os.kill(os.getpid(), signal.SIGTERM)
    assert await service == 0


async def test_an_open_server_warns(capsys: Printed, caplog: pytest.LogCaptureFixture) -> None:
    service = _serve(host="0.0.0.0")
    await _port(service, capsys)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await service == 0
    assert "without TLS and without a token" in caplog.text


async def test_what_keeps_it_from_starting_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for given in ({"port": port}, {"metrics_port": port}):
            with pytest.raises(CannotStart, match=f"Cannot listen on 127.0.0.1:{port}: Address already in use"):
                await _serve(**given)
    with pytest.raises(CannotStart, match=r"Cannot read .*no-such-file: No such file or directory"):
        await _serve(tls_key=str(tmp_path / "no-such-file"), tls_cert=str(tmp_path / "x"))
    with pytest.raises(CannotStart, match="there is no model 'nobody'"):
        await _serve(engine="onnx", model="nobody")
    with pytest.raises(CannotStart, match=r"Cannot listen on 192\.0\.2\.1"):
        await _serve(host="192.0.2.1")


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        text: str = answer.read().decode()
        return text
