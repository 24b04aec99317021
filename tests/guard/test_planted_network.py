"""A test that reaches beyond loopback is red under this repository's own configuration, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.scratch import outcome, run, suite

BEYOND, CONNECT, PROXY = "tests see no network but loopback", "SocketConnectBlocked", "Connection refused"
# 192.0.2.0/24 is kept for documentation (RFC 5737), .invalid for names that do not exist (RFC 2606).
REACHING = {
    "connection": ("socket.create_connection(('192.0.2.1', 9), 1)", CONNECT),
    "failure_not_heeded": ("with suppress(OSError): socket.create_connection(('192.0.2.1', 9), 1)", CONNECT),
    "connection_without_exceptions": (
        "with socket.socket() as s: s.connect_ex(('192.0.2.1', 9))",
        BEYOND,
    ),
    "datagram": ("with socket.socket(type=socket.SOCK_DGRAM) as s: s.sendto(b'x', ('192.0.2.1', 9))", BEYOND),
    "name": ("with suppress(OSError): socket.getaddrinfo('example.invalid', 80)", BEYOND),
    "name_in_the_old_way": ("with suppress(OSError): socket.gethostbyname('example.invalid')", BEYOND),
    "address_looked_up_backwards": ("with suppress(OSError): socket.gethostbyaddr('192.0.2.1')", BEYOND),
    "name_on_a_thread": ("asyncio.run(asyncio.open_connection('example.invalid', 80))", BEYOND),
    "page": ("urllib.request.urlopen('http://example.invalid/', timeout=1)", PROXY),
    "grpc": ("grpc.insecure_channel('192.0.2.1:80').unary_unary('/a/b')(b'', timeout=30)", PROXY),
    "child_process": ("assert child('http://192.0.2.1/') == ''", PROXY),
}
LOCAL = {
    "loopback": "assert socket.create_server(('127.0.0.1', 0)).close() is None",
    "own_name": "assert socket.getaddrinfo('localhost', 80)",
}
HEAD = """\
import asyncio, socket, subprocess, sys, urllib.request
from contextlib import suppress
import grpc

def child(url):
    code = f"import urllib.request; urllib.request.urlopen('{url}', timeout=5)"
    return subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True).stderr.strip()[-200:]

"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with this repository's configuration of pytest and nothing to test."""
    return suite(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def problems(scratch: Path) -> dict[str, str]:
    """What went wrong with each planted test, by its name."""
    bodies = {name: body for name, (body, _) in REACHING.items()} | LOCAL
    return outcome(scratch, HEAD + "".join(f"def test_{name}():\n    {body}\n" for name, body in bodies.items()))[2]


@pytest.mark.parametrize("name", REACHING)
def test_reaching_beyond_loopback_is_red(problems: dict[str, str], name: str) -> None:
    assert REACHING[name][1] in problems[f"test_{name}"]


@pytest.mark.parametrize("name", LOCAL)
def test_staying_on_loopback_is_green(problems: dict[str, str], name: str) -> None:
    assert problems[f"test_{name}"] == ""


def test_a_name_that_is_looked_up_at_import_is_red(scratch: Path) -> None:
    (scratch / "tests" / "contract").mkdir()
    source = f"{HEAD}socket.getaddrinfo('example.invalid', 80)\ndef test_it():\n    assert 1 + 1 == 2\n"
    (scratch / "tests" / "contract" / "test_import.py").write_text(source)
    done = run(scratch, "pytest", "-q", "tests/contract")
    assert (done.returncode, BEYOND in done.stdout) == (2, True)
