"""How a client reaches a server: address, TLS, token, deadlines, repetition, sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import grpc

from latentwire.client.retrying import Retries
from latentwire.errors import InvalidArgument

DEFAULT_ADDRESS = "127.0.0.1:50051"


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS. `ca`: who is trusted, in PEM; None: gRPC's own list. `certificate` and `key`: this client's, in PEM.

    `server_name`: the name in the server's certificate, where that is another than the address'.
    """

    ca: str | PathLike[str] | None = None
    certificate: str | PathLike[str] | None = None
    key: str | PathLike[str] | None = None
    server_name: str = ""

    def credentials(self) -> grpc.ChannelCredentials:
        """Reads the files. Raises InvalidArgument for one that can't be read, or a certificate without its key."""
        if (self.certificate is None) != (self.key is None):
            raise InvalidArgument.of("tls.key", self.key, "certificate and key together, or neither")
        return grpc.ssl_channel_credentials(
            root_certificates=_read("tls.ca", self.ca),
            private_key=_read("tls.key", self.key),
            certificate_chain=_read("tls.certificate", self.certificate),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """What rarely needs to be another. Times in seconds.

    `timeout_s`: for calls that answer at once, where they are given none; streams have none of their own. `reattach_s`:
    how long a generation outlives a lost connection and the client tries to reach it again; 0: not at all.
    `keepalive_s`: between the pings of an idle call, 20 or more. `max_message_bytes`: of one message, either way.
    `options`: further gRPC channel arguments, which win.
    """

    timeout_s: float = 30.0
    reattach_s: float = 10.0
    keepalive_s: float = 30.0
    max_message_bytes: int = 64 * 2**20
    retries: Retries = field(default_factory=Retries)
    options: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A server: where, how, and who asks."""

    address: str = DEFAULT_ADDRESS
    token: str = field(default="", repr=False)
    tls: Tls | None = None
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Raises InvalidArgument for an address that is a URL, or empty."""
        if not self.address or self.address.startswith(("http://", "https://")):
            raise InvalidArgument.of("address", self.address, "host:port of the gRPC service, without http://")

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with every call."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    @property
    def options(self) -> tuple[tuple[str, int | str], ...]:
        """The channel's arguments."""
        settings = self.settings
        usual: dict[str, int | str] = {
            "grpc.keepalive_time_ms": round(settings.keepalive_s * 1000),
            "grpc.keepalive_timeout_ms": 10_000,
            "grpc.initial_reconnect_backoff_ms": 100,
            # Not a pause, whatever its name: how long a connection may take, and a busy machine is slow to greet.
            "grpc.min_reconnect_backoff_ms": 5_000,
            "grpc.max_reconnect_backoff_ms": 1_000,
            "grpc.max_send_message_length": settings.max_message_bytes,
            "grpc.max_receive_message_length": settings.max_message_bytes,
            # What is repeated is decided here, not behind the caller's back.
            "grpc.enable_retries": 0,
        }
        name = {"grpc.ssl_target_name_override": self.tls.server_name} if self.tls and self.tls.server_name else {}
        return tuple({**usual, **name, **dict(settings.options)}.items())


def _read(field: str, path: str | PathLike[str] | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidArgument.of(field, str(path), f"a file that can be read; {error.strerror}") from error
