"""How a server is reached."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import latentwire
from latentwire.client import AsyncClient, Client, Retries, Settings, Tls
from latentwire.client.channel import Target
from latentwire.errors import InvalidArgument
from tests.certificate import make


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:50051", "https://here"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_url_is_no_address(kind: type[Client | AsyncClient], address: str) -> None:
    with pytest.raises(InvalidArgument, match=r"address: .* allowed: host:port"):
        kind(address)


def test_settings_are_the_channels_arguments() -> None:
    settings = Settings(keepalive_s=40, max_message_bytes=9, options=(("grpc.x", "y"), ("grpc.enable_retries", 1)))
    options = dict(Target("here:1", settings=settings).options)
    assert options["grpc.keepalive_time_ms"] == 40_000
    assert options["grpc.max_send_message_length"] == options["grpc.max_receive_message_length"] == 9
    assert (options["grpc.x"], options["grpc.enable_retries"]) == ("y", 1)


def test_a_name_in_the_certificate_may_be_another() -> None:
    options = dict(Target("here:1", tls=Tls(server_name="there")).options)
    assert options["grpc.ssl_target_name_override"] == "there"


def test_a_token_goes_with_every_call() -> None:
    assert Target("here:1", token="t").metadata == (("authorization", "Bearer t"),)
    assert Target("here:1").metadata == ()


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    made = make(tmp_path)
    with pytest.raises(InvalidArgument, match=r"tls\.key: None"):
        Client("here:1", tls=Tls(certificate=made.certificate))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"tls\.ca: '/nowhere/ca\.pem'"):
        AsyncClient("here:1", tls=Tls(ca=Path("/nowhere/ca.pem")))


def test_the_clients_are_there_for_those_who_ask() -> None:
    assert (latentwire.Client, latentwire.AsyncClient) == (Client, AsyncClient)
    assert Settings().retries == Retries()
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        latentwire.Nothing  # noqa: B018
    assert "latentwire.client" in sys.modules
