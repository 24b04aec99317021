"""Ports that are free, and stay so for whoever asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from latentwire.ports import PortTaken, held

HOST = "127.0.0.1"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server((HOST, 0)) as server:
        yield server


def test_a_server_may_listen_on_a_port_that_is_held() -> None:
    with held(HOST, 0, "--port") as port, socket.create_server((HOST, port)) as server:
        assert server.getsockname() == (HOST, port)


def test_a_port_that_is_held_is_not_given_to_others() -> None:
    with held(HOST, 0, "--port") as port, socket.socket() as other, pytest.raises(OSError, match="already in use"):
        other.bind((HOST, port))


def test_where_somebody_listens_no_port_is_held(listening: socket.socket) -> None:
    with pytest.raises(PortTaken, match="already in use"), held(HOST, listening.getsockname()[1], "--port"):
        pass
