"""Ports that are free, or a sentence that says they are not."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class PortTaken(Exception):
    """Somebody listens there already, or the address is not this machine's; the message is for the user."""


def claim(host: str, port: int, option: str) -> int:
    """The port, once it is known to be free on that host; for port 0 a free one. Raises PortTaken."""
    with held(host, port, option) as free:
        return free


@contextmanager
def held(host: str, port: int, option: str) -> Iterator[int]:
    """A port as `claim` gives it, which a server may listen on and nobody else is given till the end of the block.

    Raises PortTaken. On Linux alone: elsewhere the server could not listen, so that the port is free from the start.
    """
    with _bound(host, port, option) as holder:
        found = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield found


def _bound(host: str, port: int, option: str) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        holder = socket.socket(family, kind, protocol)
        try:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(address)
        except OSError:
            holder.close()
            raise
    except OSError as error:
        raise PortTaken(_sentence(host, port, option, error)) from error
    return holder


def _sentence(host: str, port: int, option: str, error: OSError) -> str:
    return (
        f"Cannot listen on {host}:{port}: {error.strerror}. Stop what is there, or choose another port with {option}."
    )


def for_clients(host: str) -> str:
    """The address under which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def written(host: str, port: int) -> str:
    """host:port, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
