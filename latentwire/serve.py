"""Two processes as one: started together, announced when ready, drained in order, and never one without the other."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from latentwire import bound
from latentwire.ending import KILL_STATUS, RESTART_STATUS, STOP_STATUS

READY_POLL_S = 0.02
LAST_WORD_S = 3.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Pair:
    """What to start, and where readiness is asked for."""

    inference: tuple[str, ...]
    gateway: tuple[str, ...]
    ready_host: str
    ready_port: int
    drain_timeout_s: float
    ready_tls: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A running half of the pair."""

    name: str
    process: asyncio.subprocess.Process

    def ending(self) -> str:
        """How it ended, as a clause: 'ended with exit status 3'."""
        status = self.process.returncode
        if status is not None and status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"ended with exit status {status}"


def module_command(module: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that runs a service with this interpreter."""
    return (sys.executable, "-m", module, *arguments)


async def serve(pair: Pair, announce: Callable[[str], None], where: str) -> int:
    """Runs the pair until it is told to stop, or until one half dies. Returns the exit status: 0 or 1.

    A first SIGTERM, SIGINT or SIGHUP drains: the gateway stops accepting and finishes what it has, then the inference
    service drains; both within the drain timeout. A second one kills. A client that may (--api-server-stop) stops,
    restarts or kills the pair too; the exit status is 0 then.
    """
    with _told() as (stop, hurry):
        while True:
            ended = await _run(pair, announce, where, stop, hurry)
            if ended != RESTART_STATUS or stop.is_set():
                return 1 if ended else 0
            announce("A client asked for a restart.")


async def _run(
    pair: Pair, announce: Callable[[str], None], where: str, stop: asyncio.Event, hurry: asyncio.Event
) -> int:
    """One life of the pair. Returns 0 when it was told to stop, RESTART_STATUS, or 1 when a half died by itself."""
    began = time.monotonic()
    inference = await _start("inference", pair.inference)
    gateway = await _start("gateway", pair.gateway)
    ready = asyncio.create_task(_announce_when_ready(pair, announce, where, began))
    await _first_of(stop.wait(), inference.process.wait(), gateway.process.wait())
    ready.cancel()
    died = None if stop.is_set() else _first_dead(inference, gateway)
    asked = died.process.returncode if died is gateway else None
    if asked == KILL_STATUS:
        hurry.set()
    if asked in (STOP_STATUS, KILL_STATUS):
        announce("A client asked for the end.")
    elif died and asked != RESTART_STATUS:
        announce(f"The {died.name} service {died.ending()}; the other one is stopped too.")
    await _drain((gateway, inference), pair.drain_timeout_s, hurry)
    return {None: 1 if died else 0, RESTART_STATUS: RESTART_STATUS, STOP_STATUS: 0, KILL_STATUS: 0}.get(asked, 1)


@contextmanager
def _told() -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Set by the first and by the second of the signals that ask to stop."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, lambda: (hurry if stop.is_set() else stop).set())
    try:
        yield stop, hurry
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


async def _first_of(*waits: Coroutine[Any, Any, Any], timeout_s: float | None = None) -> None:
    """Returns when one of them is done, or after the timeout; the others are given up."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _start(name: str, command: Sequence[str]) -> Service:
    """A group of its own keeps Ctrl-C from reaching the services before it is their turn."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(*_bound(command), process_group=0, env=environment)
    return Service(name, process)


def _bound(command: Sequence[str]) -> Sequence[str]:
    """The command, made one that does not outlive this process where that can be had."""
    if sys.platform != "linux":
        return command
    return (sys.executable, "-IS", bound.__file__, str(os.getpid()), *command)


async def _announce_when_ready(pair: Pair, announce: Callable[[str], None], where: str, began: float) -> None:
    while not await _is_ready(pair):  # noqa: ASYNC110  # another process has no event
        await asyncio.sleep(READY_POLL_S)
    announce(f"Latentwire is ready after {time.monotonic() - began:.1f} s: {where}")


async def _is_ready(pair: Pair) -> bool:
    """Whether GET /readyz, which asks the inference service, says 200."""
    host, port = pair.ready_host, pair.ready_port
    try:
        reader, writer = await asyncio.open_connection(host, port, ssl=_unchecked() if pair.ready_tls else None)
    except OSError:
        return False
    try:
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readline()).split()[1:2] == [b"200"]
    except OSError:
        return False
    finally:
        writer.close()


def _unchecked() -> ssl.SSLContext:
    """TLS to our own child, whose certificate is for the name that clients use."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _first_dead(*services: Service) -> Service | None:
    return next((service for service in services if service.process.returncode is not None), None)


async def _drain(services: Sequence[Service], timeout_s: float, hurry: asyncio.Event) -> None:
    """Stops one after the other; what is left after the timeout is told again, and at last killed."""
    await _first_of(hurry.wait(), _stop_in_order(services), timeout_s=timeout_s)
    if any(service.process.returncode is None for service in services) and not hurry.is_set():
        _signal(services, signal.SIGTERM)
        await _first_of(hurry.wait(), _ended(services), timeout_s=LAST_WORD_S)
    _signal(services, signal.SIGKILL)
    await _ended(services)


async def _stop_in_order(services: Sequence[Service]) -> None:
    for service in services:
        _signal([service], signal.SIGTERM)
        await service.process.wait()


async def _ended(services: Sequence[Service]) -> None:
    for service in services:
        await service.process.wait()


def _signal(services: Sequence[Service], number: signal.Signals) -> None:
    """Sends a signal; a process that is gone needs none."""
    for service in services:
        with suppress(ProcessLookupError):
            service.process.send_signal(number)
