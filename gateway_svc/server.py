"""Uvicorn around the application."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import sys

import uvicorn

from gateway_svc.app import create_app
from gateway_svc.settings import Settings

_LOG = logging.getLogger("gateway_svc")


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serves until SIGTERM or Ctrl-C, then lets running requests finish within the drain time."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    host, port = listener.getsockname()[:2]
    _LOG.info("Gateway on http://%s:%d, inference at %s", host, port, settings.inference)
    if not (settings.users or ipaddress.ip_address(host.partition("%")[0]).is_loopback):
        _LOG.warning("Anybody who can reach %s may use the gateway: --api-auth asks for a name and a password", host)
    server = uvicorn.Server(configuration(settings))
    # It drains, then raises the signal again; asked to stop, and stopped, is not a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run(sockets=[listener])


def configuration(settings: Settings) -> uvicorn.Config:
    """How uvicorn runs the gateway."""
    return uvicorn.Config(
        create_app(settings),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=max(1, round(settings.drain_timeout_s)),
        timeout_keep_alive=30,
        server_header=False,
    )
