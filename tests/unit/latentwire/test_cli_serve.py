"""The pair's supervisor, over stand-ins for the services that take a tenth of a second to start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from latentwire import ports, serve

_GATEWAY = """
import http.server, pathlib, signal, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_): pass
def stop(*_):
    with open(sys.argv[2], "a") as log: log.write("gateway ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
_INFERENCE = """
import signal, sys, time
def stop(*_):
    with open(sys.argv[1], "a") as log: log.write("inference ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
while True: time.sleep(60)
"""
_STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(60)"


def pair(log: Path, *, inference: str = _INFERENCE, drain_timeout_s: float = 10) -> serve.Pair:
    port = ports.claim("127.0.0.1", 0, "--port")
    return serve.Pair(
        inference=(sys.executable, "-c", inference, str(log)),
        gateway=(sys.executable, "-c", _GATEWAY, str(port), str(log)),
        ready_host="127.0.0.1",
        ready_port=port,
        drain_timeout_s=drain_timeout_s,
    )


class Announcements(list[str]):
    """What was announced; the first announcement triggers an action."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._then = then

    def __call__(self, sentence: str) -> None:
        self.append(sentence)
        if len(self) == 1:
            self._then()


def tell_myself(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_stops_the_gateway_first_and_then_the_inference_service(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"
    announced = Announcements(then=tell_myself(number))
    status = await serve.serve(pair(log), announced, "here")
    assert (status, log.read_text()) == (0, "gateway inference ")
    assert [line.split(" after ")[0] for line in announced] == ["Latentwire is ready"]


async def test_a_half_that_dies_takes_the_other_along_and_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log"
    announced = Announcements()
    status = await serve.serve(pair(log, inference="import sys, time; time.sleep(0.5); sys.exit(3)"), announced, "here")
    assert status == 1
    assert announced[-1] == "The inference service ended with exit status 3; the other one is stopped too."
    assert log.read_text() == "gateway "


async def test_a_half_that_is_killed_is_said_to_be_killed(tmp_path: Path) -> None:
    announced = Announcements()
    suicide = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert await serve.serve(pair(tmp_path / "log", inference=suicide), announced, "here") == 1
    assert announced == ["The inference service was killed by SIGKILL; the other one is stopped too."]


async def test_a_service_that_does_not_drain_in_time_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "LAST_WORD_S", 0.1)
    stubborn = pair(tmp_path / "log", inference=_STUBBORN, drain_timeout_s=0.5)
    announced = Announcements(then=tell_myself(signal.SIGTERM))
    assert await asyncio.wait_for(serve.serve(stubborn, announced, "here"), 10) == 0


@pytest.mark.usefixtures("heeded_signals")
async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)

    stubborn = pair(tmp_path / "log", inference=_STUBBORN, drain_timeout_s=60)
    assert await asyncio.wait_for(serve.serve(stubborn, Announcements(then=twice), "here"), 10) == 0
