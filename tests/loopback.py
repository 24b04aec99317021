"""No network but loopback, in this process and in those that it starts.

pytest-socket refuses `connect` while a test runs. This also refuses names that would be looked up, datagrams, and what
happens outside of a test, such as at import. gRPC opens its sockets below Python, where only the proxy keeps it in;
so it does with processes that tests start, as far as they heed it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import MutableMapping

LOCAL_NAMES = frozenset({"", "localhost", "localhost.localdomain", socket.gethostname().lower()})
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVES = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_CLOSED = "http://127.0.0.1:9"


class BeyondLoopback(RuntimeError):
    """A test reached for another machine."""


def stay_on_loopback(environment: MutableMapping[str, str] = os.environ) -> None:
    """Refuses every way out of this process, for good, and sends child processes to a proxy that nobody runs."""
    sys.addaudithook(_look)
    for name in ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy"):
        environment[name] = environment[name.upper()] = _CLOSED
    environment["no_proxy"] = environment["NO_PROXY"] = "127.0.0.1,::1,localhost"
    environment["HF_HUB_OFFLINE"] = environment["TRANSFORMERS_OFFLINE"] = "1"


def _look(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONNECTS:
        address = arguments[1]
        if isinstance(address, tuple):
            _require_local(address[0], f"{event} to")
    elif event in _RESOLVES:
        _require_local(arguments[0], f"{event} of", literals=event != "socket.gethostbyaddr")


def _require_local(host: object, what: str, *, literals: bool = False) -> None:
    """`literals`: whether any numeric address is let through, as what sends nothing."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if isinstance(name, str) and not _is_local(name, literals=literals):
        raise BeyondLoopback(f"{what} {name!r}: tests see no network but loopback")


def _is_local(name: str, *, literals: bool) -> bool:
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name.lower() in LOCAL_NAMES
    return literals or address.is_loopback or address.is_unspecified
