"""What all commands that call a server have in common: how it is reached, and how they end."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from latentwire.commands import exit_statuses
from latentwire.commands.plain import as_json
from latentwire.errors import FieldViolation, LatentwireError, Unavailable

if TYPE_CHECKING:
    from latentwire.client import Client

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
# Somebody looks on: wait-ready is there for those who want to wait.
_ATTEMPTS = 2
_FLAGS = {
    "sampling.sampler": "--sampler",
    "sampling.scheduler": "--scheduler",
    "sampling.steps": "--steps",
    "guidance.scale": "--cfg-scale",
    "noise.seed": "--seed",
    "negative_prompt": "--negative",
    "width": "--size",
    "height": "--size",
    "count": "--count",
    "model": "--model",
    "output.quality": "--quality",
    "request_id": "--request-id",
    "init_image": "--init-image",
    "init.images": "--init-image",
    "init.images[0]": "--init-image",
    "strength": "--strength",
    "init.strength": "--strength",
    "mask": "--mask",
    "inpaint": "--mask",
    "inpaint.mask": "--mask",
    "tls.key": "--tls-key",
}
"""What users call the fields that the server names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the server is reached, and how the command's end is told."""

    address: str
    token: str = field(repr=False)
    timeout: float | None
    tls: bool
    tls_ca: Path | None
    tls_certificate: Path | None
    tls_key: Path | None
    tls_server_name: str
    as_json: bool

    def client(self) -> Client:
        """A client. Raises InvalidArgument."""
        from latentwire.client import Client, Retries, Settings, Tls

        secure = self.tls or self.tls_ca or self.tls_certificate or self.tls_key or self.tls_server_name
        files = {"ca": self.tls_ca, "certificate": self.tls_certificate, "key": self.tls_key}
        tls = Tls(**files, server_name=self.tls_server_name) if secure else None
        return Client(self.address, token=self.token, tls=tls, settings=Settings(retries=Retries(attempts=_ATTEMPTS)))

    def tell(self, error: LatentwireError) -> None:
        """Says what went wrong: a sentence on standard error, or with --json an object on standard output."""
        if self.as_json:
            click.echo(as_json({"error": _object(error)}))
        else:
            click.echo(f"latentwire: {self._sentence(error)}", err=True)

    def tell_failure(self, message: str) -> None:
        """Says what went wrong on this side, in the same places."""
        if self.as_json:
            click.echo(as_json({"error": {"message": message, "exit_status": exit_statuses.FAILED}}))
        else:
            click.echo(f"latentwire: {message}", err=True)

    def remark(self, message: str) -> None:
        """Says something on the side, to people."""
        if not self.as_json:
            click.echo(f"latentwire: {message}", err=True)

    def _sentence(self, error: LatentwireError) -> str:
        if isinstance(error, Unavailable) and error.reason in {"CONNECTION_LOST", "NOT_READY"}:
            return f"{self.address} does not answer: {error.message}"
        said = "; ".join(map(_in_flags, error.violations)) or error.message
        later = f"; try again in {error.retry_after_s:g} s" if error.retry_after_s else ""
        return f"{said or error.reason}{later}"


_OPTIONS = (
    click.option(
        "--address",
        default="127.0.0.1:50051",
        envvar="LATENTWIRE_ADDRESS",
        show_default=True,
        metavar="HOST:PORT",
        help="The inference service.",
    ),
    click.option(
        "--token",
        default="",
        envvar=["LATENTWIRE_TOKEN", "LATENTWIRE_INFERENCE_TOKEN"],
        metavar="TOKEN",
        help="What it asks for; better set by LATENTWIRE_TOKEN.",
    ),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="For all of it."),
    click.option("--tls", is_flag=True, help="Speak TLS; any of the next four implies it."),
    click.option("--tls-ca", type=_FILE, help="Whom to trust, in PEM."),
    click.option("--tls-certificate", type=_FILE, help="This client's certificate, in PEM."),
    click.option("--tls-key", type=_FILE, help="Its private key, in PEM."),
    click.option("--tls-server-name", default="", metavar="NAME", help="The name in the server's certificate."),
    click.option("--json", "as_json", is_flag=True, help="JSON on standard output, an object a line."),
)


def reaching(body: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of a `Reach`, which it is called with, and ends it with the status of its end."""

    @functools.wraps(body)
    def command(**options: Any) -> None:
        reach = Reach(**{name: options.pop(name) for name in Reach.__dataclass_fields__})
        sys.exit(_ended(reach, functools.partial(body, reach, **options)))

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _ended(reach: Reach, body: Callable[[], None]) -> int:
    try:
        body()
    except LatentwireError as error:
        reach.tell(error)
        return exit_statuses.exit_status(error)
    except KeyboardInterrupt:
        reach.remark("interrupted")
        return exit_statuses.INTERRUPTED
    return exit_statuses.OK


def _in_flags(violation: FieldViolation) -> str:
    flag = _FLAGS.get(violation.field, violation.field)
    return f"{flag}: {violation.description.removeprefix(f'{violation.field}: ')}"


def _object(error: LatentwireError) -> dict[str, object]:
    return {
        "code": error.code,
        "reason": error.reason,
        "message": error.message,
        "violations": error.violations,
        "retry_after_s": error.retry_after_s,
        "exit_status": exit_statuses.exit_status(error),
    }
