"""The pair's supervisor, over stand-ins for the services, which note beside a log that they are up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from latentwire import ports, serve

_GATEWAY = """
import http.server, pathlib, signal, sys
log = pathlib.Path(sys.argv[2])
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        inference_is_up = log.with_suffix(".inference").exists()
        self.send_response(200 if self.path == "/readyz" and inference_is_up else 503)
        self.end_headers()
    def log_message(self, *_): pass
def stop(*_):
    with log.open("a") as file: file.write("gateway ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready)
log.with_suffix(".gateway").touch()
server.serve_forever()
"""
_INFERENCE = """
import pathlib, signal, sys, time
log = pathlib.Path(sys.argv[1])
def stop(*_):
    with log.open("a") as file: file.write("inference ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
log.with_suffix(".inference").touch()
while True: time.sleep(60)
"""
_STUBBORN = _INFERENCE.replace("SIGTERM, stop", "SIGTERM, signal.SIG_IGN")
_DIES = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).with_suffix(".gateway").exists(): time.sleep(0.005)
sys.exit(3)
"""
_A_DAY_S = 86_400


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pair.log"


@pytest.fixture
def port() -> Iterator[int]:
    with ports.held("127.0.0.1", 0, "--port") as held:
        yield held


@pytest.fixture
def pair(log: Path, port: int) -> serve.Pair:
    return serve.Pair(
        inference=(sys.executable, "-c", _INFERENCE, str(log)),
        gateway=(sys.executable, "-c", _GATEWAY, str(port), str(log)),
        ready_host="127.0.0.1",
        ready_port=port,
        drain_timeout_s=_A_DAY_S,
    )


def with_inference(pair: serve.Pair, program: str) -> serve.Pair:
    return replace(pair, inference=(*pair.inference[:2], program, *pair.inference[3:]))


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
    pair: serve.Pair, log: Path, number: signal.Signals
) -> None:
    announced = Announcements(then=tell_myself(number))
    status = await serve.serve(pair, announced, "here")
    assert (status, log.read_text()) == (0, "gateway inference ")
    assert [line.split(" after ")[0] for line in announced] == ["Latentwire is ready"]


async def test_a_half_that_dies_takes_the_other_along_and_is_named(pair: serve.Pair, log: Path) -> None:
    announced = Announcements()
    assert await serve.serve(with_inference(pair, _DIES), announced, "here") == 1
    assert announced == ["The inference service ended with exit status 3; the other one is stopped too."]
    assert log.read_text() == "gateway "


async def test_a_half_that_is_killed_is_said_to_be_killed(pair: serve.Pair) -> None:
    announced = Announcements()
    suicide = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert await serve.serve(with_inference(pair, suicide), announced, "here") == 1
    assert announced == ["The inference service was killed by SIGKILL; the other one is stopped too."]


async def test_a_service_that_does_not_drain_in_time_is_killed(
    pair: serve.Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "LAST_WORD_S", 0.1)
    announced = Announcements(then=tell_myself(signal.SIGTERM))
    stubborn = replace(with_inference(pair, _STUBBORN), drain_timeout_s=0.3)
    assert await serve.serve(stubborn, announced, "here") == 0


@pytest.mark.usefixtures("heeded_signals")
async def test_a_second_signal_does_not_wait(pair: serve.Pair) -> None:
    loop, later = asyncio.get_running_loop(), list[asyncio.TimerHandle]()

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        later.append(loop.call_later(0.1, os.kill, os.getpid(), signal.SIGINT))

    announced = Announcements(then=twice)
    status = await serve.serve(with_inference(pair, _STUBBORN), announced, "here")
    later[0].cancel()  # should the pair have ended by itself: no other test is to get this signal
    assert (status, announced[1:]) == (0, [])
