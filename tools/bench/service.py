"""What users feel: rates and latencies of the running services."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack

from tools.bench.processes import gateway, inference, load
from tools.bench.statistics import Row, latencies, median, p50_p95, percentile, rate
from tools.bench.table import table

ENGINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("batched", ()),
    ("one at a time", ("--max-running", "1")),
)


def throughput(model: Sequence[str], jobs: int) -> str:
    """Pictures per second and latency for 1, 4 and 16 clients, batched and one request at a time."""
    rows = []
    for label, flags in ENGINES:
        with ExitStack() as stack:
            address = stack.enter_context(inference(*model, *flags))
            data_dir = stack.enter_context(tempfile.TemporaryDirectory())
            url = stack.enter_context(gateway(address, data_dir))
            for face, target in (("gRPC", address), ("REST", url)):
                rows += [_throughput_row(label, face, target, clients, jobs) for clients in (1, 4, 16)]
    head = ("engine", "face", "clients", "pictures/s", "4 steps p50/p95 s", "20 steps", "50 steps")
    return table(head, rows)


def _throughput_row(label: str, face: str, target: str, clients: int, jobs: int) -> Sequence[str]:
    count = jobs if clients > 1 else max(12, jobs // 4)
    samples = load(target, "--clients", str(clients), "--jobs", str(count))["samples"]
    by_steps = (p50_p95(samples, steps) for steps in (4, 20, 50))
    return (label, face, str(clients), f"{rate(samples):.2f}", *by_steps)


def overhead(model: Sequence[str], jobs: int) -> str:
    """Latency of one client's equal jobs over gRPC and over REST, in turns, and the difference."""
    with ExitStack() as stack:
        address = stack.enter_context(inference(*model))
        data_dir = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(gateway(address, data_dir))
        rows = [_overhead_row(address, url, size, steps, jobs) for size, steps in ((128, 4), (128, 20), (256, 4))]
    return table(("size", "steps", "gRPC p50 ms", "REST p50 ms", "REST minus gRPC ms"), rows)


def _overhead_row(address: str, url: str, size: int, steps: int, jobs: int) -> Sequence[str]:
    shape = ("--size", str(size), "--steps", str(steps), "--jobs", str(jobs))
    faces: dict[str, list[float]] = {address: [], url: []}
    for target in (address, url, url, address):
        faces[target] += latencies(load(target, *shape)["samples"])
    rpc, rest = (median(faces[target]) * 1000 for target in (address, url))
    return (f"{size}×{size}", str(steps), f"{rpc:.1f}", f"{rest:.1f}", f"{rest - rpc:.1f}")


def fairness(model: Sequence[str], seconds: float) -> str:
    """4-step jobs, one a second, while eight clients send 50-step jobs without pause."""
    with inference(*model) as address:
        alone = load(address, "--steps", "4", "--jobs", "20")["samples"]
    unloaded = percentile(latencies(alone), 0.95)
    rows = [("unloaded", _milliseconds(alone, 4), "1.0", "", "")]
    policies: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("oldest and shortest by turns", ()),
        ("first come first served", ("--shortest-share", "0")),
        ("one at a time", ("--max-running", "1", "--shortest-share", "0")),
    )
    for label, flags in policies:
        with inference(*model, *flags) as address:
            rows.append(_fairness_row(label, load(address, "--fairness", str(seconds))["samples"], unloaded))
    return table(("policy", "4 steps p50/p95 ms", "× unloaded p95", "50 steps p50/p95 s", "pictures/s"), rows)


def _fairness_row(label: str, samples: Sequence[Row], unloaded: float) -> tuple[str, str, str, str, str]:
    ratio = percentile(latencies(samples, 4), 0.95) / unloaded
    return (label, _milliseconds(samples, 4), f"{ratio:.1f}", p50_p95(samples, 50), f"{rate(samples):.2f}")


def defaults(model: Sequence[str]) -> str:
    """A1111's default size, 512×512, at 20 and at 50 steps, one client."""
    with ExitStack() as stack:
        address = stack.enter_context(inference(*model))
        data_dir = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(gateway(address, data_dir))
        rows = []
        for steps in (20, 50):
            samples = load(url, "--size", "512", "--steps", str(steps), "--jobs", "3")["samples"]
            rows.append(("512×512", str(steps), f"{median(latencies(samples)):.2f}"))
    return table(("size", "steps", "REST p50 s"), rows)


def _milliseconds(samples: Sequence[Row], steps: int) -> str:
    values = latencies(samples, steps)
    return f"{percentile(values, 0.5) * 1000:.0f} / {percentile(values, 0.95) * 1000:.0f}"
