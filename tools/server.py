"""A server as a user starts it: when its port opened, when it was ready, what it answered, how it ended."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.http_call import request

HOST = "127.0.0.1"
STOPS_WITHIN_S = 40.0
_LOOK_EVERY_S = 0.02
_TAIL_LINES = 20


class Unmet(Exception):
    """What a server did not do: a sentence, and the end of the server's log where there is one."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in seconds after the start."""

    at_s: float
    what: str


@dataclass(frozen=True, slots=True)
class Server:
    """A command that is to listen on a port of this machine; `events` says what has happened since its start."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    began: float = field(default_factory=time.monotonic)
    events: list[Event] = field(default_factory=list)

    def note(self, what: str) -> None:
        """Adds an event that happens now, and prints it."""
        event = Event(round(time.monotonic() - self.began, 3), what)
        print(f"{event.at_s:8.3f} s  {what}", flush=True)
        self.events.append(event)

    def until_port_open(self, within_s: float) -> None:
        """Returns once something accepts connections on the port. Unmet: it does not in time, or the command ends."""
        self._until(lambda: is_open(self.port), f"did not open port {self.port}", within_s)
        self.note("port open")

    def until_ready(self, within_s: float) -> None:
        """Returns once /readyz answers 200. Unmet: it does not in time, or the command ends."""
        self._until(lambda: is_ready(self.port), "did not become ready", within_s)
        self.note("ready")

    def stop(self) -> int:
        """Asks it to end with SIGTERM; the exit status. Unmet: it does not end."""
        self.process.terminate()
        try:
            status = self.process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise self.unmet(f"did not end within {STOPS_WITHIN_S:g} s of SIGTERM") from None
        self.note("stopped")
        return status

    def unmet(self, what: str) -> Unmet:
        """The error that says what the server did not do, with the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        said = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return Unmet(f"The server {what}. The end of its log:\n{said}")

    def _until(self, is_so: Callable[[], bool], otherwise: str, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not is_so():
            if (status := self.process.poll()) is not None:
                raise self.unmet(f"{otherwise}: it ended with exit status {status}")
            if time.monotonic() > deadline:
                raise self.unmet(f"{otherwise} within {within_s:g} s")
            time.sleep(_LOOK_EVERY_S)


@contextlib.contextmanager
def started(
    command: Sequence[str],
    port: int,
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Server]:
    """The command, its output in the log; killed at the end of the block. Unmet: another program has the port."""
    if is_open(port):
        raise Unmet(f"Port {port} is taken by another program: its answers would be taken for the server's.")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=environment)
    server = Server(process, port, log)
    server.note("started")
    try:
        yield server
    finally:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    """Whether something accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def is_ready(port: int) -> bool:
    """Whether /readyz answers 200."""
    with contextlib.suppress(OSError):
        return request(port, "GET", "/readyz", timeout_s=5).status == 200
    return False


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
