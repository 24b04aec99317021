from __future__ import annotations

import contextlib
import itertools
import select
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from gateway_svc.fetch import Fetching, LocalAddress, NotFetched, fetch, is_global


class Answers(BaseHTTPRequestHandler):
    """Paths say what is answered."""

    def do_GET(self) -> None:
        status = {"/gone": 404, "/round": 302, "/away": 302, "/odd": 302}.get(self.path, 200)
        self.send_response(status)
        target = {"/round": "/round", "/away": "http://[::1]:1/", "/odd": "ftp://x/"}.get(self.path)
        if target:
            self.send_header("Location", target)
        self.end_headers()
        self.wfile.write(self.headers["User-Agent"].encode() if self.path == "/agent?a=b" else b"x" * 1000)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


LONG_S = 40
"""Longer than the slowest machine takes to stop at 0.3 s, and nothing beside the 20 minutes that a line may drip."""
LOCAL = Fetching(allow_local=True, user_agent="Latentwire")


def test_the_body_is_fetched_and_the_server_told_who_asks(web: str) -> None:
    assert (fetch(web, LOCAL), fetch(web + "/agent?a=b", LOCAL)) == (b"x" * 1000, b"Latentwire")


@pytest.mark.parametrize("path", ["/gone", "/round", "/odd", "/away"])
def test_what_leads_nowhere_is_not_fetched(web: str, path: str) -> None:
    with pytest.raises(NotFetched):
        fetch(web + path, LOCAL)


@pytest.mark.parametrize("url", ["http://", "file:///etc/passwd", "http://x:y/", "nonsense", "http://[::1/"])
def test_what_is_no_web_address_is_not_fetched(url: str) -> None:
    with pytest.raises(NotFetched):
        fetch(url, LOCAL)


def test_a_body_has_a_limit(web: str) -> None:
    with pytest.raises(NotFetched, match="more than 999 bytes"):
        fetch(web, Fetching(allow_local=True, max_bytes=999))


def test_a_fetch_has_a_time_limit(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway_svc.fetch.time.monotonic", itertools.count(0, 20.0).__next__)
    with pytest.raises(NotFetched, match="took longer"):
        fetch(web, Fetching(allow_local=True, timeout_s=10))


def test_our_own_network_is_not_asked(web: str) -> None:
    with pytest.raises(LocalAddress):
        fetch(web, Fetching())


def test_a_name_with_one_local_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = [(2, 1, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(LocalAddress):
        fetch("http://sly.example/", Fetching())


def test_a_server_that_speaks_no_tls_is_not_believed(web: str) -> None:
    with pytest.raises(NotFetched):
        fetch(web.replace("http:", "https:"), LOCAL)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b:1::8.8.8.8", False),
        ("2002:7f00:1::1", False),
        ("2002:808:808::1", True),
        ("2001:0:808:808::80ff:fffe", False),
        ("::127.0.0.1", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("2001:db8::1", False),
        ("ff0e::1", False),
    ],
)
def test_only_what_everybody_can_reach_is_global(address: str, expected: bool) -> None:
    assert is_global(address) is expected


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that never ends its headers and never falls silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=drip, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def drip(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client, _ = server.accept()
        with client:
            client.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while select.select([client], [], [], 0.02)[0] == [] or client.recv(4096):
                client.sendall(b"a")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_headers_that_never_end_are_cut_off_in_time(dripping: str, scheme: str) -> None:
    began = time.perf_counter()
    with pytest.raises(NotFetched):
        fetch(dripping.replace("http", scheme), Fetching(allow_local=True, timeout_s=0.3))
    assert time.perf_counter() - began < LONG_S
