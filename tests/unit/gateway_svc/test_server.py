from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from gateway_svc.server import configuration, serve
from gateway_svc.settings import Settings


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Puts back what this process does on SIGTERM."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.usefixtures("kept_signals")
@pytest.mark.parametrize(
    ("host", "auth", "warned"),
    [("127.0.0.1", None, False), ("0.0.0.0", None, True), ("0.0.0.0", "ann:secret", False), ("::1", None, False)],
)
def test_a_gateway_open_to_all_says_so(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    host: str,
    auth: str,
    warned: bool,
) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        serve(Settings.model_validate({"api_auth": auth, "data_dir": tmp_path}), listener)
    assert any("Anybody" in message for message in caplog.messages) is warned


@pytest.mark.parametrize(("asked", "given"), [(0.0, 1), (2.6, 3)])
def test_running_requests_get_the_drain_time_in_whole_seconds(tmp_path: Path, asked: float, given: int) -> None:
    settings = Settings(data_dir=tmp_path, drain_timeout_s=asked)
    assert configuration(settings).timeout_graceful_shutdown == given
