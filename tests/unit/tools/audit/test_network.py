"""The probe: what runs in pytest reaches this machine alone."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketConnectBlockedError

# Kept for documentation (RFC 5737, RFC 3849): nobody's, should the refusal ever fail.
ADDRESSES = ("192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_connection_that_leaves_the_machine_is_refused(address: str) -> None:
    warned = pytest.warns(UserWarning, match="A test tried to use socket.socket.connect")
    with socket.socket() as outward, warned, pytest.raises(SocketConnectBlockedError):
        outward.connect((address, 80))


def test_a_connection_that_stays_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
