"""What a crowd that asks for progress costs: pollers of /sdapi/v1/progress beside clients that generate.

python -m tools.bench.polling --target http://127.0.0.1:7860 --clients 64 --hz 10 --seconds 20

With `--while-open` it ends as soon as its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from tools.bench.processes import gateway, inference, load
from tools.bench.statistics import percentile
from tools.bench.table import table

CLIENTS, RATE_HZ, GENERATING = 64, 10.0, 16
PATH = "/sdapi/v1/progress"
TIME_LIMIT_S = 120.0
MOST_SLOWDOWN = 1.10
"""What generation may take of the time that it takes alone."""


async def poll(target: str, clients: int, rate_hz: float, stop: asyncio.Event) -> list[float]:
    """Seconds that each answer took. Raises RuntimeError for an answer that is no 200."""
    each = (_client(target, number / clients / rate_hz, rate_hz, stop) for number in range(clients))
    return [latency for found in await asyncio.gather(*each) for latency in found]


async def _client(target: str, begin_s: float, rate_hz: float, stop: asyncio.Event) -> list[float]:
    """One connection that is kept, one request at a time, no faster than the rate. Bare, to cost the machine little."""
    address = urlsplit(target)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    request = f"GET {PATH} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    found: list[float] = []
    due = time.monotonic() + begin_s
    try:
        while not stop.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent = time.monotonic()
            writer.write(request)
            await _answer(reader)
            found.append(time.monotonic() - sent)
            due = max(due + 1 / rate_hz, time.monotonic())
    finally:
        writer.close()
        await writer.wait_closed()
    return found


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status, length = head.split(" ", 2)[1], head.partition("content-length: ")[2].partition("\r")[0]
    if status != "200" or not length:
        raise RuntimeError(f"{PATH} answered {head.splitlines()[0]}")
    await reader.readexactly(int(length))


def polling(model: Sequence[str], jobs: int) -> str:
    """64 clients ask for progress ten times a second while 16 generate, beside the same 16 alone, in turns."""
    alone: list[float] = []
    beside: list[float] = []
    answers: list[float] = []
    with ExitStack() as stack:
        address = stack.enter_context(inference(*model))
        url = stack.enter_context(gateway(address, stack.enter_context(tempfile.TemporaryDirectory())))
        for crowded in (False, True, True, False):
            with _pollers(url, answers) if crowded else ExitStack():
                (beside if crowded else alone).append(_generation_s(url, jobs))
    ratio = sum(beside) / sum(alone)
    times = [f"{1000 * percentile(answers, share):.1f}" for share in (0.5, 0.95)]
    row = (
        f"{sum(alone) / 2:.1f}",
        f"{sum(beside) / 2:.1f}",
        f"{ratio:.2f}",
        f"{len(answers) / sum(beside):.0f}",
        *times,
    )
    head = ("alone s", "beside pollers s", f"ratio (at most {MOST_SLOWDOWN:g})", "answers/s", "p50 ms", "p95 ms")
    return table(head, [row])


def _generation_s(url: str, jobs: int) -> float:
    samples = load(url, "--clients", str(GENERATING), "--jobs", str(jobs), "--steps", "20")["samples"]
    return float(max(row["sent_s"] + row["latency_s"] for row in samples) - min(row["sent_s"] for row in samples))


@contextmanager
def _pollers(url: str, answers: list[float]) -> Iterator[None]:
    """Pollers in a process of their own for as long as the block takes; adds what they measured."""
    command = [sys.executable, "-m", "tools.bench.polling", "--target", url, "--seconds", str(TIME_LIMIT_S)]
    with subprocess.Popen([*command, "--while-open"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        yield
        output, _ = child.communicate()
    if child.returncode != 0:
        raise RuntimeError(f"the pollers ended with status {child.returncode}")
    answers.extend(json.loads(output)["latencies_s"])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--hz", type=float, default=RATE_HZ)
    parser.add_argument("--seconds", type=float, default=20, help="at most")
    parser.add_argument("--while-open", action="store_true", help="end when standard input ends")
    asked = parser.parse_args(arguments)
    json.dump({"latencies_s": asyncio.run(_measured(asked))}, sys.stdout)
    return 0


async def _measured(asked: argparse.Namespace) -> list[float]:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.call_later(asked.seconds, stop.set)
    if asked.while_open:
        loop.run_in_executor(None, sys.stdin.read).add_done_callback(lambda _: stop.set())
    return await poll(asked.target, asked.clients, asked.hz, stop)


if __name__ == "__main__":
    raise SystemExit(main())
