"""The `latentwire` command: the pair at once, one service alone, and calls to a server that runs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from latentwire import __version__, ports
from latentwire import serve as pair
from latentwire.commands.control import cancel, wait_ready
from latentwire.commands.generate import generate
from latentwire.commands.listing import models, ps

_GATEWAY_FLAGS = ("api_log", "api_server_stop", "keep_on_disconnect", "freeze_settings", "hide_ui_dir_config")
_FORWARD = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
_PORT = click.IntRange(0, 65535)
_FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `latentwire serve` was asked for; None and "" leave a choice to the service."""

    host: str
    port: int
    inference_host: str
    inference_port: int
    drain_timeout: float
    listen: bool
    engine: str | None
    model: str | None
    device: str | None
    data_dir: Path | None
    cors_allow_origins: str | None
    cors_allow_origins_regex: str | None
    api_auth: str | None
    subpath: str | None
    tls_keyfile: Path | None
    tls_certfile: Path | None
    timeout_keep_alive: int | None
    api_log: bool
    api_server_stop: bool
    keep_on_disconnect: bool
    freeze_settings: bool
    hide_ui_dir_config: bool
    api: bool
    nowebui: bool


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="latentwire")
def main() -> None:
    """Stable Diffusion served as a pair: a REST gateway and a gRPC inference engine."""


@main.command()
@click.option("--port", type=_PORT, default=7860, envvar="LATENTWIRE_GATEWAY_PORT", show_default=True, help="REST.")
@click.option(
    "--host",
    "--server-name",
    "host",
    default="127.0.0.1",
    envvar="LATENTWIRE_GATEWAY_HOST",
    show_default=True,
    help="REST.",
)
@click.option("--listen", is_flag=True, help="REST on every address of this machine: --host 0.0.0.0.")
@click.option(
    "--inference-port", type=_PORT, default=50051, envvar="LATENTWIRE_INFERENCE_PORT", show_default=True, help="gRPC."
)
@click.option(
    "--inference-host", default="127.0.0.1", envvar="LATENTWIRE_INFERENCE_HOST", show_default=True, help="gRPC."
)
@click.option("--engine", type=click.Choice(["onnx", "torch", "fake"]), help="What computes; the fake needs no model.")
@click.option("--model", help="A model's folder, file or name; the embedded one when left out.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where it computes.")
@click.option(
    "--drain-timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    envvar="LATENTWIRE_INFERENCE_DRAIN_TIMEOUT",
    show_default=True,
    help="Seconds that running requests get to finish when the pair is told to stop.",
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where options and pictures are kept."
)
@click.option("--cors-allow-origins", metavar="ORIGINS", help="Web origins that may call, separated by commas.")
@click.option("--cors-allow-origins-regex", metavar="REGEX", help="The same as a regular expression.")
@click.option("--api-auth", metavar="USER:PASSWORD", help="Who may call, separated by commas.")
@click.option(
    "--subpath",
    metavar="PATH",
    envvar="LATENTWIRE_GATEWAY_SUBPATH",
    help="Where the gateway lies behind a proxy, such as /sd.",
)
@click.option("--tls-keyfile", type=_FILE, envvar="LATENTWIRE_GATEWAY_TLS_KEYFILE", help="Private key for HTTPS.")
@click.option("--tls-certfile", type=_FILE, envvar="LATENTWIRE_GATEWAY_TLS_CERTFILE", help="Its certificate.")
@click.option("--timeout-keep-alive", type=click.IntRange(1, 3600), help="Seconds that an idle connection is kept.")
@click.option("--api-log", is_flag=True, help="Log every REST request.")
@click.option("--api-server-stop", is_flag=True, help="Let REST clients stop, restart and kill the pair.")
@click.option("--keep-on-disconnect", is_flag=True, help="Go on with a generation when its client goes away.")
@click.option("--freeze-settings", is_flag=True, help="Let nobody change A1111's options.")
@click.option("--hide-ui-dir-config", is_flag=True, help="Let nobody change A1111's options that are folders.")
@click.option("--api", is_flag=True, help="Accepted for compatibility: the API is always on.")
@click.option("--nowebui", is_flag=True, help="Accepted for compatibility: the page costs nothing.")
def serve(**options: object) -> None:
    """Start both services, say when they are ready, and stop them together."""
    asked = ServeOptions(**options)  # type: ignore[arg-type]  # click has checked each
    for flag in ("api", "nowebui"):
        if getattr(asked, flag):
            click.echo(f"--{flag} is accepted and changes nothing here.", err=True)
    try:
        status = asyncio.run(_serve(asked))
    except ports.PortTaken as taken:
        click.echo(f"latentwire: {taken}", err=True)
        status = 2
    sys.exit(status)


async def _serve(asked: ServeOptions) -> int:
    _share_token()
    host = "0.0.0.0" if asked.listen else asked.host
    with (
        ports.held(host, asked.port, "--port") as port,
        ports.held(asked.inference_host, asked.inference_port, "--inference-port") as inference_port,
    ):
        if port == inference_port:
            raise ports.PortTaken(f"Port {port} can't be both services' own: choose another with --inference-port.")
        return await _serve_on(asked, host, port, inference_port)


async def _serve_on(asked: ServeOptions, host: str, port: int, inference_port: int) -> int:
    tls = asked.tls_certfile is not None
    rest = f"http{'s' if tls else ''}://{ports.written(ports.for_clients(host), port)}{_below(asked.subpath)}"
    grpc = ports.written(ports.for_clients(asked.inference_host), inference_port)
    return await pair.serve(
        pair.Pair(
            inference=pair.module_command("inference_svc", _inference_arguments(asked, inference_port)),
            gateway=pair.module_command("gateway_svc", _gateway_arguments(asked, host, port, grpc)),
            ready_host=ports.for_clients(host),
            ready_port=port,
            ready_tls=tls,
            drain_timeout_s=asked.drain_timeout,
        ),
        announce=click.echo,
        where=f"{rest} (page and REST, documented at /docs), gRPC at {grpc}",
    )


def _share_token() -> None:
    """A token that the inference service asks for is also what the gateway shows, unless it was given another."""
    if token := os.environ.get("LATENTWIRE_INFERENCE_TOKEN"):
        os.environ.setdefault("LATENTWIRE_GATEWAY_INFERENCE_TOKEN", token)


def _inference_arguments(asked: ServeOptions, port: int) -> list[str]:
    fixed = ["--host", asked.inference_host, "--port", str(port), "--drain-timeout", str(asked.drain_timeout)]
    return [*fixed, *_given({"--engine": asked.engine, "--model": asked.model, "--device": asked.device})]


def _gateway_arguments(asked: ServeOptions, host: str, port: int, inference: str) -> list[str]:
    given = {
        "--data-dir": asked.data_dir,
        "--cors-allow-origins": asked.cors_allow_origins,
        "--cors-allow-origins-regex": asked.cors_allow_origins_regex,
        "--api-auth": asked.api_auth,
        "--subpath": asked.subpath,
        "--tls-keyfile": asked.tls_keyfile,
        "--tls-certfile": asked.tls_certfile,
        "--timeout-keep-alive": asked.timeout_keep_alive,
    }
    flags = [f"--{name.replace('_', '-')}" for name in _GATEWAY_FLAGS if getattr(asked, name)]
    fixed = ["--host", host, "--port", str(port), "--inference", inference, "--supervised"]
    return [*fixed, *_given(given), *flags]


def _below(subpath: str | None) -> str:
    path = (subpath or "").strip("/")
    return f"/{path}" if path else ""


def _given(options: Mapping[str, str | int | Path | None]) -> list[str]:
    """Only what the user gave: the services know their own defaults, and read their own environment."""
    return [f"{name}={value}" for name, value in options.items() if value is not None]


@main.command(context_settings=_FORWARD)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def inference(arguments: tuple[str, ...]) -> None:
    """Start the inference service alone; `latentwire inference --help` lists its options."""
    _become(pair.module_command("inference_svc", arguments))


@main.command(context_settings=_FORWARD)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def gateway(arguments: tuple[str, ...]) -> None:
    """Start the gateway alone; `latentwire gateway --help` lists its options."""
    _become(pair.module_command("gateway_svc", arguments))


def _become(command: tuple[str, ...]) -> None:
    os.execv(command[0], command)


for _command in (generate, models, ps, cancel, wait_ready):
    main.add_command(_command)
