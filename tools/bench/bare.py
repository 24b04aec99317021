"""What gRPC alone takes to hand out as much as a decoded picture: python -m tools.bench.bare

A server of one method, with nothing of Latentwire in it, on a core of its own; its client on another. It sends messages
of two sizes: an empty one, and 512 x 512 pixels. Printed is what `write` takes, the median of the quietest of ten
rounds, as `tools.bench.denoising` measures what an answer takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import uvloop

from tools.bench.processes import process_apart
from tools.bench.statistics import quiet
from tools.server import free_ports

METHOD = "/latentwire.bench.Bare/Send"
SIZES = (0, 3 * 512 * 512)
_UNLIMITED = (("grpc.max_receive_message_length", -1),)
_CALLS = 500


class _Handlers(grpc.GenericRpcHandler):
    """Streams one message of as many bytes as the request says, and notes how long that took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(self._send)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._handler if handler_call_details.method == METHOD else None

    async def _send(self, request: bytes, context: Any) -> None:
        message = bytes(int(request))
        start = time.perf_counter()
        await context.write(message)
        self.seconds.append(time.perf_counter() - start)


async def _serve(port: int) -> list[float]:
    """Serves until SIGTERM; returns the seconds of every message."""
    handlers, stop = _Handlers(), asyncio.Event()
    server = grpc.aio.server(handlers=[handlers])
    server.add_insecure_port(f"127.0.0.1:{port}")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await server.start()
    await stop.wait()
    await server.stop(0)
    return handlers.seconds


def _measured(size: int) -> float:
    (port,) = free_ports(1)
    with TemporaryDirectory() as folder:
        durations = Path(folder) / "durations.json"
        with (
            process_apart(["tools.bench.bare", "--port", str(port), "--durations", str(durations)]),
            grpc.insecure_channel(f"127.0.0.1:{port}", _UNLIMITED) as channel,
        ):
            send: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(METHOD)
            for _ in range(_CALLS):
                list(send(str(size).encode(), wait_for_ready=True, timeout=60))
        return quiet(json.loads(durations.read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, help="serve here, instead of measuring")
    parser.add_argument("--durations", type=Path, help="where the seconds go at the end of serving")
    arguments = parser.parse_args()
    if arguments.port:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            seconds = runner.run(_serve(arguments.port))
        arguments.durations.write_text(json.dumps(seconds))
        return
    for size in SIZES:
        print(f"{size} bytes: {1000 * _measured(size):.2f} ms")


if __name__ == "__main__":
    main()
