"""Uvicorn around the application."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket
import sys

import uvicorn

from gateway_svc.app import create_app
from gateway_svc.lifetime import Lifetime
from gateway_svc.settings import Settings

_LOG = logging.getLogger("gateway_svc")


def serve(settings: Settings, listener: socket.socket) -> int:
    """Serves until SIGTERM, Ctrl-C or a client that may stop it; running requests finish within the drain time.

    Returns the exit status.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _announce(settings, *listener.getsockname()[:2])
    lifetime = Lifetime(lambda: setattr(server, "should_exit", True), supervised=settings.supervised)
    server = uvicorn.Server(configuration(settings, lifetime))
    # It drains, then raises the signal again; asked to stop, and stopped, is not a failure. Before it is up, an
    # exception would not do: it imports, and imports run callbacks in which Python drops it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0) if server.started else os._exit(0))
    server.run(sockets=[listener])
    return lifetime.status


def configuration(settings: Settings, lifetime: Lifetime | None = None) -> uvicorn.Config:
    """How uvicorn runs the gateway."""
    return uvicorn.Config(
        create_app(settings, lifetime),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=max(1, round(settings.drain_timeout_s)),
        timeout_keep_alive=settings.timeout_keep_alive,
        ssl_keyfile=settings.tls_keyfile,
        ssl_certfile=settings.tls_certfile,
        server_header=False,
    )


def _announce(settings: Settings, host: str, port: int) -> None:
    scheme = "https" if settings.tls_certfile else "http"
    _LOG.info("Gateway on %s://%s:%d%s, inference at %s", scheme, host, port, settings.subpath, settings.inference)
    if not (settings.users or ipaddress.ip_address(host.partition("%")[0]).is_loopback):
        _LOG.warning("Anybody who can reach %s may use the gateway: --api-auth asks for a name and a password", host)
