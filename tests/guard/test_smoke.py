"""The boot check turns red when the server does not bind, is never ready, or is not the one that was asked for."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import smoke
from tools.server import free_ports

# Without site and what it imports, so that a busy machine starts them well within the time that they are given.
PYTHON = (sys.executable, "-I", "-S", "-c")
BUSY = "import time; print('still thinking', flush=True); time.sleep(600)"
NEVER_READY = """\
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        with server.accept()[0] as client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 503 Unavailable\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
"""
Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Runs the boot check on a command and returns its report, and with it the exit status."""

    def run(*command: str, port: int, engine: str = "fake", within: str = "30") -> dict[str, Any]:
        out = tmp_path / "smoke.json"
        flags = [f"--engine={engine}", f"--port={port}", f"--within={within}", f"--out={out}"]
        status = smoke.main([*flags, "--", *command])
        return {"status": status, **json.loads(out.read_text())}

    return run


def serve(engine: str, port: int, inference_port: int, data: Path) -> list[str]:
    ports = [f"--port={port}", f"--inference-port={inference_port}"]
    return [sys.executable, "-m", "latentwire", "serve", f"--engine={engine}", *ports, f"--data-dir={data}"]


def happened(report: dict[str, Any]) -> list[str]:
    return [event["what"] for event in report["events"]]


def test_a_fake_that_was_asked_for_passes(check: Check, tmp_path: Path) -> None:
    port, other = free_ports(2)
    report = check(*serve("fake", port, other, tmp_path), port=port)
    assert (report["status"], report["error"], report["engine"], report["exit_status"]) == (0, "", "fake", 0)
    assert happened(report) == ["started", "port open", "ready", "picture", "stopped"]


def test_a_fake_answer_where_the_real_engine_was_asked_for_is_red(check: Check, tmp_path: Path) -> None:
    port, other = free_ports(2)
    report = check(*serve("fake", port, other, tmp_path), port=port, engine="onnx")
    assert (report["status"], report["engine"]) == (1, "fake")
    assert report["error"] == "Asked for the engine 'onnx', the answer is of 'fake'."


def test_a_server_that_never_binds_its_port_is_red(check: Check) -> None:
    (port,) = free_ports(1)
    report = check(*PYTHON, BUSY, port=port, within="3")
    assert (report["status"], happened(report), report["picture"]) == (1, ["started"], None)
    assert report["error"] == (f"The server did not open port {port} within 3 s. The end of its log:\n  still thinking")


def test_a_server_that_ends_instead_is_red_at_once(check: Check) -> None:
    (port,) = free_ports(1)
    report = check(*PYTHON, "raise SystemExit('no model')", port=port)
    assert report["status"] == 1
    assert report["error"] == (
        f"The server did not open port {port}: it ended with exit status 1. The end of its log:\n  no model"
    )


def test_a_server_that_is_never_ready_is_red(check: Check) -> None:
    (port,) = free_ports(1)
    report = check(*PYTHON, NEVER_READY, str(port), port=port, within="4")
    assert (report["status"], happened(report)) == (1, ["started", "port open"])
    assert report["error"].startswith("The server did not become ready within 4 s.")


def test_a_port_that_another_program_has_is_red(check: Check) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        report = check(*PYTHON, BUSY, port=other.getsockname()[1])
    assert (report["status"], happened(report)) == (1, [])
    assert "is taken by another program" in report["error"]
