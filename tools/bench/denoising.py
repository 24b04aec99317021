"""What a call of the denoising service takes beside the model."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import denoising_service_pb2_grpc as dg
from latentwire.v1 import types_pb2 as t
from tools.bench.processes import process_apart, wait_for_health
from tools.bench.statistics import percentile, quiet
from tools.bench.table import table
from tools.server import free_ports

SIDE_PX = 512
CALLS = (
    "a health check",
    "DenoiseLatents, a step, conditioning sent",
    "DenoiseLatents, a step, prompts as words",
    "PredictDenoised, conditioning sent",
    "PrepareLatents",
    "DecodeLatents, raw",
    "EncodePrompt",
)

_UNLIMITED = (("grpc.max_receive_message_length", -1),)
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def denoising(calls: int) -> str:
    """One client's calls at 512×512, latents of 64×64×4 in float32, to a service whose model answers at once.

    So all that is measured is beyond the model: every check, the queue, the solver's step, and around them the wire. A
    step of DenoiseLatents is Euler's, of a plan of 20, with prompt and negative prompt. *In the service*: from the
    parsed request to the answer that gRPC has taken (of a stream) or is given. *Round trip*: as a client in Python sees
    it, gRPC and protobuf on both sides included; a health check is how much of it an empty call takes. Service and
    client have a core each, where there are two. *Quiet p50*: of the quietest of ten rounds, in each of which the calls
    are made one after the other; what others do on the machine comes and goes. *Least* is of all; *CPU* is the
    service's process'.
    """
    heads = (
        "call",
        *("in the service, quiet p50 ms", "p50 ms", "least ms"),
        *("round trip, quiet p50 ms", "p50 ms", "p95 ms", "least ms"),
        "CPU ms",
    )
    return table(heads, [_row(name, calls) for name in CALLS])


def _row(name: str, calls: int) -> tuple[str, ...]:
    with TemporaryDirectory() as folder:
        durations = Path(folder) / "durations.json"
        with _instant(durations) as (address, pid), grpc.insecure_channel(address, _UNLIMITED) as channel:
            took, cpu_s = _timed(_calls(channel)[name], calls, pid)
        inside = json.loads(durations.read_text())[-calls:]
    waits = (quiet(took), percentile(took, 0.5), percentile(took, 0.95), min(took))
    figures = (quiet(inside), percentile(inside, 0.5), min(inside), *waits, cpu_s / calls)
    return (name, *(f"{1000 * value:.2f}" for value in figures))


def _timed(call: Callable[[], object], calls: int, pid: int) -> tuple[list[float], float]:
    """Returns the seconds that each call took, and those of a core that the service has had for them."""
    for _ in range(calls // 10):
        call()
    took, begun = [], _cpu_s(pid)
    for _ in range(calls):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return took, _cpu_s(pid) - begun


def _calls(channel: grpc.Channel) -> Mapping[str, Callable[[], object]]:
    stub, health = dg.DenoisingServiceStub(channel), health_pb2_grpc.HealthStub(channel)
    prepare = d.PrepareLatentsRequest(width=SIDE_PX, height=SIDE_PX, noises=[t.NoiseSpec(seed=1)])
    run = stub.PrepareLatents(prepare)
    words = [d.Prompt(text="a red house under a starry sky")]
    read = d.EncodePromptRequest(prompts=[words[0].text])
    encoded = [d.Prompt(conditioning=stub.EncodePrompt(read).conditionings[0])]
    negative = [d.Prompt(conditioning=stub.EncodePrompt(d.EncodePromptRequest(prompts=[""])).conditionings[0])]
    step = d.DenoiseLatentsRequest(
        plans=run.plans, states=run.states, end_step=1, prompts=encoded, negative_prompts=negative
    )
    by_words = d.DenoiseLatentsRequest(plans=run.plans, states=run.states, end_step=1, prompts=words)
    x = run.states[0].x
    predict = d.PredictDenoisedRequest(x=x, sigmas=[2.0], prompts=encoded, negative_prompts=negative)
    decode = d.DecodeLatentsRequest(latents=x, output=t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB))
    made: tuple[Callable[[], object], ...] = (
        lambda: health.Check(health_pb2.HealthCheckRequest()),
        lambda: list(stub.DenoiseLatents(step)),
        lambda: list(stub.DenoiseLatents(by_words)),
        lambda: stub.PredictDenoised(predict),
        lambda: stub.PrepareLatents(prepare),
        lambda: list(stub.DecodeLatents(decode)),
        lambda: stub.EncodePrompt(read),
    )
    return dict(zip(CALLS, made, strict=True))


@contextmanager
def _instant(durations: Path) -> Iterator[tuple[str, int]]:
    (port,) = free_ports(1)
    with process_apart(["tools.bench.instant", "--port", str(port), "--durations", str(durations)]) as child:
        address = f"127.0.0.1:{port}"
        wait_for_health(address, child)
        yield address, child.pid


def _cpu_s(pid: int) -> float:
    """Seconds of a core that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S
