"""The life of the service's process: backend, server, readiness, signals, drain."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module

import click
from PIL import Image as pil
from prometheus_client import start_http_server

from inference_svc.engine import EngineMetrics, EngineSettings
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.engine_metrics import EngineCounters
from inference_svc.rpc.metrics import EngineCollector, RpcMetrics
from inference_svc.rpc.server import CannotListen, Listening, Server
from inference_svc.settings import Settings
from latentwire.errors import LatentwireError
from latentwire.ports import PortTaken, claim

log = logging.getLogger("latentwire")

LOST = 3


class CannotStart(Exception):
    """A sentence for whoever started the service."""


@dataclass(slots=True)
class Signs:
    """What ends the service: being told to stop, being told again, or a device that is gone."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)


async def serve(settings: Settings, began: float) -> int:
    """Runs the service until it is told to stop or its device is lost; returns the exit status.

    `began`: when the process did, on the monotonic clock. Raises CannotStart.
    """
    metrics, signs = RpcMetrics(), Signs()
    backend = _backend(settings, EngineCounters(metrics.registry), _on_lost(signs))
    metrics.registry.register(EngineCollector(backend.engine.counts))
    server = Server(backend, _listening(settings), metrics)
    with _heeding(signs), _exported(settings, metrics):
        await _start(server, settings)
        ready = asyncio.create_task(_become_ready(server, backend, settings, began))
        try:
            await _first_of(signs.stop, signs.lost, ready)
        except CannotStart:
            await server.drain(0.0)
            raise
        return await _end(server, backend, settings, signs)


def _backend(settings: Settings, metrics: EngineMetrics, on_lost: Callable[[LatentwireError], None]) -> Backend:
    engine_settings = EngineSettings(
        max_waiting=settings.max_waiting,
        max_running=settings.max_running,
        shortest_share=settings.shortest_share,
        max_batch_rows=settings.max_batch_rows,
    )
    if settings.engine == "fake":
        return _fake(settings, engine_settings, metrics, on_lost)
    from inference_svc.real_backend import real_backend

    try:
        return real_backend(settings, engine_settings, metrics=metrics, on_lost=on_lost)
    except LatentwireError as error:
        raise CannotStart(error.message) from error


def _fake(
    settings: Settings,
    engine_settings: EngineSettings,
    metrics: EngineMetrics,
    on_lost: Callable[[LatentwireError], None],
) -> Backend:
    from inference_svc.fake.backend import FakeOptions, fake_backend
    from inference_svc.fake.faults import Faults
    from inference_svc.fake.runner import Misbehaviour

    wanted = settings.fake
    options = FakeOptions(
        device=Misbehaviour(wanted.step_time, wanted.out_of_memory, wanted.tiny, wanted.lose_device_at),
        usual=Faults(fail_at_step=wanted.fail_at_step, event_delay_s=wanted.event_delay),
        load_time_s=wanted.load_time,
    )
    return fake_backend(options, engine_settings, metrics=metrics, on_lost=on_lost)


def _listening(settings: Settings) -> Listening:
    if settings.is_open:
        log.warning(
            "listening on %s without TLS and without a token: whoever reaches this port can use it", settings.host
        )
    token = settings.token.get_secret_value() if settings.token else ""
    replica = settings.replica or f"{socket.gethostname()}-{os.getpid()}"
    return Listening(settings.host, settings.port, token, _tls(settings), replica)


def _tls(settings: Settings) -> tuple[bytes, bytes] | None:
    if settings.tls_key is None or settings.tls_cert is None:
        return None
    try:
        return settings.tls_key.read_bytes(), settings.tls_cert.read_bytes()
    except OSError as error:
        raise CannotStart(f"Cannot read {error.filename}: {error.strerror}.") from error


@contextmanager
def _exported(settings: Settings, metrics: RpcMetrics) -> Iterator[None]:
    """Answers Prometheus until the end of the block, where a port for it is set."""
    if not settings.metrics_port:
        yield
        return
    try:
        exporter, thread = start_http_server(settings.metrics_port, settings.host, metrics.registry)
    except OSError as error:
        where = f"{settings.host}:{settings.metrics_port}"
        raise CannotStart(f"Cannot listen on {where}: {error.strerror}. Choose another with --metrics-port.") from error
    try:
        yield
    finally:
        exporter.shutdown()
        exporter.server_close()
        thread.join()


async def _start(server: Server, settings: Settings) -> None:
    try:
        if settings.port:
            claim(settings.host, settings.port, "--port")
        await server.start()
    except (PortTaken, CannotListen) as error:
        raise CannotStart(str(error)) from error


def _warm_up() -> None:
    """Imports what the first picture would otherwise wait for; takes longer than all of the rest of the start."""
    import_module("array_api_compat.numpy")
    pil.preinit()


async def _become_ready(server: Server, backend: Backend, settings: Settings, began: float) -> None:
    """Serves once the default model is loaded. Raises CannotStart where it can't be; otherwise never returns."""
    try:
        await backend.catalogue.ready()
    except LatentwireError as error:
        raise CannotStart(error.message) from error
    await server.serving()
    seconds = time.monotonic() - began
    click.echo(f"inference: ready on {settings.host}:{server.port} after {seconds:.2f} s, engine {settings.engine}")
    await asyncio.to_thread(_warm_up)
    await asyncio.Event().wait()


async def _first_of(stop: asyncio.Event, lost: asyncio.Event, ready: asyncio.Task[None]) -> None:
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(lost.wait())]
    done, _ = await asyncio.wait([*waits, ready], return_when=asyncio.FIRST_COMPLETED)
    for wait in [*waits, ready]:
        wait.cancel()
    if ready in done:
        ready.result()


async def _end(server: Server, backend: Backend, settings: Settings, signs: Signs) -> int:
    if signs.lost.is_set():
        log.error("the device is lost; the service ends")
        await server.drain(0.0)
        return LOST
    hurried = asyncio.create_task(_hurry(server, backend, signs))
    await server.drain(settings.drain_timeout)
    hurried.cancel()
    return 0


async def _hurry(server: Server, backend: Backend, signs: Signs) -> None:
    """On a second signal nothing is waited for any more."""
    await signs.hurry.wait()
    for record in server.book:
        backend.engine.cancel(record.id)


def _on_lost(signs: Signs) -> Callable[[LatentwireError], None]:
    loop = asyncio.get_running_loop()

    def tell(_: LatentwireError) -> None:
        loop.call_soon_threadsafe(signs.lost.set)

    return tell


@contextmanager
def _heeding(signs: Signs) -> Iterator[None]:
    loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, lambda: (signs.hurry if signs.stop.is_set() else signs.stop).set())
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
