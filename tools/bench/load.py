"""The load, in a process of its own: closed-loop clients on loopback, bounded in count and time.

python -m tools.bench.load --target 127.0.0.1:50051 --clients 16 --jobs 48
python -m tools.bench.load --target http://127.0.0.1:7860 --clients 4 --jobs 48
python -m tools.bench.load --target 127.0.0.1:50051 --fairness 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from tools.bench.clients import Sample, Send, grpc_client, rest_client, timed
from tools.bench.jobs import Job, mixed_jobs

TIME_LIMIT_S = 420.0


async def closed_loop(sends: Sequence[Send], jobs: Sequence[Job]) -> list[Sample]:
    """Each client takes the next job as soon as its last one is back."""
    waiting = iter(jobs)

    async def client(send: Send) -> list[Sample]:
        return [await timed(send, job) for job in waiting]

    done = await asyncio.gather(*(client(send) for send in sends))
    return [sample for samples in done for sample in samples]


async def fairness(sends: Sequence[Send], seconds: float, long_clients: int) -> list[Sample]:
    """50-step jobs from `long_clients` clients without pause, a 4-step job each second beside them."""
    until = time.monotonic() + seconds
    samples: list[Sample] = []

    async def long_jobs(send: Send, first_seed: int) -> None:
        seed = first_seed
        while time.monotonic() < until:
            samples.append(await timed(send, Job(seed, 128, 128, 50, "Euler")))
            seed += 1

    async def short_jobs(send: Send) -> None:
        tasks: list[asyncio.Task[Sample]] = []
        while time.monotonic() < until:
            tasks.append(asyncio.create_task(timed(send, Job(len(tasks), 128, 128, 4, "Euler"))))
            await asyncio.sleep(1.0)
        samples.extend(await asyncio.gather(*tasks))

    longs = [long_jobs(send, 1000 * index) for index, send in enumerate(sends[1 : long_clients + 1], start=1)]
    await asyncio.gather(short_jobs(sends[0]), *longs)
    return samples


async def run(options: argparse.Namespace) -> list[Sample]:
    async with AsyncExitStack() as stack:
        make = rest_client if options.target.startswith("http") else grpc_client
        count = options.long_clients + 1 if options.fairness else options.clients
        sends = [await make(options.target, stack) for _ in range(count)]
        await timed(sends[0], Job(0, 128, 128, 2, "Euler"))
        if options.fairness:
            return await fairness(sends, options.fairness, options.long_clients)
        jobs = [Job(i, options.size, options.size, options.steps, "Euler") for i in range(options.jobs)]
        return await closed_loop(sends, jobs if options.steps else mixed_jobs(options.jobs))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=12)
    parser.add_argument("--steps", type=int, default=0, help="0: the mix of 4, 20 and 50")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--fairness", type=float, default=0.0, help="seconds of 4-step jobs among 50-step jobs")
    parser.add_argument("--long-clients", type=int, default=8)
    options = parser.parse_args()
    started = time.monotonic()
    samples = asyncio.run(asyncio.wait_for(run(options), TIME_LIMIT_S))
    json.dump({"seconds": time.monotonic() - started, "samples": [s.row() for s in samples]}, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
