"""An inference service whose model takes no time: what a call takes is the service's own.

python -m tools.bench.instant --port 50051 --durations out/durations.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import uvloop

from inference_svc.fake.backend import FakeOptions, fake_backend, fake_runner
from inference_svc.rpc.metrics import RpcMetrics
from inference_svc.rpc.server import Listening, Server
from inference_svc.work import Array, BatchKey, DecodeRow, DenoiseRow, ModelFacts, Row
from latentwire.heap import keep_freed_memory


class InstantRunner:
    """Answers with what is there already: denoised is x, pictures are grey; the rest is the fake's."""

    def __init__(self) -> None:
        self._fake = fake_runner(FakeOptions())
        self._pictures: dict[tuple[int, ...], Array] = {}

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        if isinstance(rows[0], DenoiseRow):
            return [row.x for row in rows if isinstance(row, DenoiseRow)]
        if isinstance(rows[0], DecodeRow):
            return [self._picture(key)] * len(rows)
        return self._fake.run(key, rows)

    def facts(self, model: str) -> ModelFacts:
        return self._fake.facts(model)

    def max_rows(self, key: BatchKey) -> int | None:
        return None

    def _picture(self, key: BatchKey) -> Array:
        _, height, width = key.shape
        return self._pictures.setdefault(key.shape, np.full((height * 8, width * 8, 3), 128, np.uint8))


class Durations(RpcMetrics):
    """Remembers how long each call was in the service, in seconds, in the order in which they ended."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def note(self, method: str, code: str, duration_s: float) -> None:
        super().note(method, code, duration_s)
        self.seconds.append(duration_s)


async def serve(port: int, durations: Durations) -> None:
    """Serves until SIGTERM."""
    server = Server(fake_backend(FakeOptions(), runner=InstantRunner()), Listening(port=port), durations)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await server.start()
    await server.serving()
    await stop.wait()
    await server.drain(0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--durations", type=Path, required=True, help="where seconds in the service go at the end")
    arguments, durations = parser.parse_args(), Durations()
    keep_freed_memory()  # as the service itself
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # likewise
        runner.run(serve(arguments.port, durations))
    arguments.durations.write_text(json.dumps(durations.seconds))


if __name__ == "__main__":
    main()
