"""The command: flags, the port, then the server."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

import click

from gateway_svc.settings import BadSettings, Settings, read, shown
from latentwire.heap import keep_freed_memory

_BACKLOG = 2048


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", "--server-name", "host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 7860]")
@click.option("--listen", "every_address", is_flag=True, help="Listen on every address: --host 0.0.0.0.")
@click.option(
    "--inference",
    metavar="HOST:PORT[,…]",
    help="The inference service: one address, several, or a name that means several.  [default: 127.0.0.1:50051]",
)
@click.option("--inference-token", help="Bearer token that the inference service asks for.")
@click.option(
    "--resume-every",
    type=int,
    metavar="STEPS",
    help="With several replicas: how many steps a generation loses at most when its replica dies; 0: all of them, and "
    "no resume points are asked for.  [default: 5]",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where options and pictures are kept.")
@click.option("--cors-allow-origins", metavar="URL[,URL]", help="Origins that browsers may call from.")
@click.option("--cors-allow-origins-regex", metavar="REGEX", help="The same, as a pattern.")
@click.option("--api-auth", metavar="USER:PASSWORD[,…]", help="Ask for one of these, by HTTP Basic.")
@click.option("--subpath", metavar="PATH", help="Where the gateway lies behind a proxy, such as /sd.")
@click.option("--tls-keyfile", type=click.Path(path_type=Path), help="Private key for HTTPS; with --tls-certfile.")
@click.option("--tls-certfile", type=click.Path(path_type=Path), help="Certificate for HTTPS; with --tls-keyfile.")
@click.option("--timeout-keep-alive", type=int, help="Seconds that an idle connection is kept.  [default: 30]")
@click.option("--api-server-stop", is_flag=True, default=None, help="Let clients stop the server.")
@click.option("--freeze-settings", is_flag=True, default=None, help="Let nobody change options.")
@click.option("--hide-ui-dir-config", is_flag=True, default=None, help="Let nobody change options that are folders.")
@click.option("--api", is_flag=True, help="Accepted for compatibility: the API is always on.")
@click.option("--nowebui", is_flag=True, help="Accepted for compatibility: the page costs nothing.")
@click.option("--supervised", is_flag=True, default=None, hidden=True, help="Started by `latentwire serve`.")
@click.option("--keep-on-disconnect", is_flag=True, default=None, help="Go on when the client goes away.")
@click.option("--api-log", is_flag=True, default=None, help="Log every request.")
@click.option("--print-config", is_flag=True, help="Print the settings, secrets hidden, and stop.")
def main(print_config: bool, every_address: bool, api: bool, nowebui: bool, **flags: object) -> None:
    """Serve the REST API."""
    del api, nowebui
    try:
        settings = read(flags | {"host": "0.0.0.0"} if every_address else flags)
        if print_config:
            click.echo(shown(settings))
            return
        claim(settings.data_dir)
        listener = listen(settings.host, settings.port)
    except BadSettings as error:
        click.echo(f"latentwire gateway: {error}", err=True)
        sys.exit(2)
    # Nothing is under way yet. An exception would not do: imports run callbacks in which Python drops it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(_serve(settings, listener))


def _serve(settings: Settings, listener: socket.socket) -> int:
    # Imported with the port already open: connections that come meanwhile wait instead of being refused. What imports
    # make is never garbage, so looking for it among them would be time lost, now and later.
    gc.disable()
    from gateway_svc.server import serve

    gc.freeze()
    gc.enable()
    keep_freed_memory()
    return serve(settings, listener)


def claim(data_dir: Path) -> None:
    """Makes the folder of options and pictures. Raises BadSettings, in a sentence, where nothing can be written."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadSettings(f"data_dir: nothing can be kept in {data_dir}: {reason}.") from None


def listen(host: str, port: int) -> socket.socket:
    """An open socket. Raises BadSettings, in a sentence, when the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said in full: asyncio switches Nagle's delay off only where it sees that the protocol is TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise BadSettings(f"port {port} on {host} can't be used: {(error.strerror or str(error)).lower()}.") from None
    return listener
