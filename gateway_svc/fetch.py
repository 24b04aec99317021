"""Pictures from elsewhere, fetched without being led into our own network. Blocking: run it in a thread.

The address is checked when the connection is made, not before, and again for every redirect: a name that answers
differently the second time gains nothing.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}
_PART: Final = 64 * 1024
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")


class NotFetched(Exception):
    """There is no picture to be had there."""


class LocalAddress(NotFetched):
    """The address lies in a network that is not everybody's."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """What is allowed."""

    allow_local: bool = False
    user_agent: str = ""
    timeout_s: float = 30.0
    max_bytes: int = 64 * 1024 * 1024
    max_redirects: int = 5


def fetch(url: str, how: Fetching) -> bytes:
    """The bytes at a URL. Raises NotFetched."""
    deadline = time.monotonic() + how.timeout_s
    for _ in range(how.max_redirects + 1):
        try:
            answer = _get(urlsplit(url), how, deadline)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NotFetched(str(error)) from None
        if isinstance(answer, bytes):
            return answer
        url = urljoin(url, answer)
    raise NotFetched("too many redirects")


def _get(url: SplitResult, how: Fetching, deadline: float) -> bytes | str:
    """The body, or where it is said to be."""
    connection = _connect(url, how, deadline)
    try:
        with _ended_at(connection, how, deadline):
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("GET", target, headers={"User-Agent": how.user_agent} if how.user_agent else {})
            response = connection.getresponse()
            if response.status in _REDIRECTS and (location := response.getheader("Location")):
                return location
            if response.status != 200:
                raise NotFetched(f"status {response.status}")
            return _read(response, how, deadline)
    finally:
        connection.close()


def _connect(url: SplitResult, how: Fetching, deadline: float) -> http.client.HTTPConnection:
    if url.scheme not in _PORTS or not url.hostname:
        raise NotFetched(f"not a web address: {url.geturl()}")
    port = url.port or _PORTS[url.scheme]
    address = _address(url.hostname, port, allow_local=how.allow_local)
    connection = http.client.HTTPConnection(url.hostname, port)
    connection.sock = socket.create_connection((address, port), timeout=_left_s(how, deadline))
    if url.scheme == "https":
        with _ended_at(connection, how, deadline):
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=url.hostname)
    return connection


@contextmanager
def _ended_at(connection: http.client.HTTPConnection, how: Fetching, deadline: float) -> Iterator[None]:
    """Cuts the connection at the deadline: a server that sends a byte now and then would never run into a timeout."""
    line = connection.sock.dup()
    timer = threading.Timer(_left_s(how, deadline), _cut, (line,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        line.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _left_s(how: Fetching, deadline: float) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise NotFetched(f"took longer than {how.timeout_s} s")
    return left_s


def _address(host: str, port: int, *, allow_local: bool) -> str:
    """An address of the host; every one that its name stands for must be allowed."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not allow_local and not all(is_global(address) for address in found):
        raise LocalAddress(host)
    return found[0]


def is_global(address: str) -> bool:
    """Whether everybody can reach the address, and the IPv4 address that it may stand for."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = _inside(parsed)
        return inner.is_global and not inner.is_multicast if inner else parsed in _GLOBAL_UNICAST and parsed.is_global
    return parsed.is_global and not parsed.is_multicast


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, by NAT64 (RFC 6052), 6to4 (RFC 3056) or Teredo (RFC 4380)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _read(response: http.client.HTTPResponse, how: Fetching, deadline: float) -> bytes:
    body = bytearray()
    while part := response.read(_PART):
        body += part
        if len(body) > how.max_bytes:
            raise NotFetched(f"more than {how.max_bytes} bytes")
        if time.monotonic() > deadline:
            break
    _left_s(how, deadline)
    return bytes(body)
