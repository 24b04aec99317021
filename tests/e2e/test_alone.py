"""Each service started alone: the gateway outlives its inference service, and finds the next one."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentwire.ports import held
from tests.e2e.pair import ask, opened, picture, status
from tests.e2e.processes import Command, command, eventually


@pytest.fixture
def port() -> Iterator[int]:
    with held("127.0.0.1", 0, "--port") as port:
        yield port


@pytest.fixture
def inference_port() -> Iterator[int]:
    with held("127.0.0.1", 0, "--port") as port:
        yield port


@pytest.fixture
def gateway(tmp_path: Path, port: int, inference_port: int) -> Iterator[str]:
    """A gateway alone; yields its URL."""
    flags = (f"--port={port}", f"--inference=127.0.0.1:{inference_port}", f"--data-dir={tmp_path / 'data'}")
    with command(tmp_path, "gateway", *flags):
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: status(url, "/healthz") == 200, "the gateway is alive")
        yield url


def is_ready(url: str) -> bool:
    return status(url, "/readyz") == 200


def test_the_gateway_says_503_while_its_inference_service_is_gone_and_works_when_it_is_back(
    tmp_path: Path, gateway: str, inference_port: int
) -> None:
    flags = ("inference", "--engine=fake", f"--port={inference_port}")
    with command(tmp_path, *flags) as inference:
        eventually(lambda: is_ready(gateway), "the pair is ready")
        assert ask(gateway).status_code == 200
        inference.end(signal.SIGKILL)
        answer = ask(gateway)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert status(gateway, "/readyz") == 503
        assert status(gateway, "/healthz") == 200
    with command(tmp_path, *flags):
        eventually(lambda: is_ready(gateway), "the gateway finds the new one")
        assert opened(picture(ask(gateway))).size == (128, 64)


@pytest.mark.parametrize("service", ["inference", "gateway"])
def test_a_service_alone_ends_well_on_sigterm(tmp_path: Path, service: str, port: int) -> None:
    with command(tmp_path, service, *own_flags(service, tmp_path), f"--port={port}") as alone:
        eventually(lambda: listens(port), f"the {service} listens")
        eventually(lambda: started(alone), f"the {service} has started")
        assert alone.end(signal.SIGTERM) in {0, -signal.SIGTERM}, alone.output


@pytest.mark.parametrize("service", ["inference", "gateway"])
def test_a_port_that_is_taken_is_a_sentence_from_a_service_alone_too(tmp_path: Path, service: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with command(tmp_path, service, *own_flags(service, tmp_path), f"--port={port}") as alone:
            assert alone.ended() == 2
            assert re.search(rf"\b{port}\b", alone.output)
            assert "Traceback" not in alone.output


def own_flags(service: str, folder: Path) -> tuple[str, ...]:
    return ("--engine=fake",) if service == "inference" else (f"--data-dir={folder / 'data'}",)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def started(service: Command) -> bool:
    return bool(service.output)
