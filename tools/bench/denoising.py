"""What a call of the denoising service takes beside the model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import denoising_service_pb2_grpc as dg
from latentwire.v1 import types_pb2 as t
from tools.bench.processes import process, wait_for_health
from tools.bench.statistics import percentile
from tools.bench.table import table
from tools.server import free_ports

SIDE_PX = 512
MOST_MS = 1.5
"""What a call may take beyond the model's evaluation, at latents of 64×64×4 in float32."""

_UNLIMITED = (("grpc.max_receive_message_length", -1),)
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def denoising(calls: int) -> str:
    """One client's calls at 512×512, latents of 64×64×4 in float32, to a service whose model answers at once.

    So all that is measured is beyond the model: the wire, both ways, every check, the queue, the solver's step. A step
    of DenoiseLatents is Euler's, of a plan of 20, with prompt and negative prompt; at most 1.5 ms of it are allowed.
    *Least* is what the machine can do when nothing else is in the way; *CPU* is the service's own.
    """
    with _instant() as (address, pid), grpc.insecure_channel(address, _UNLIMITED) as channel:
        rows = [_row(name, call, pid, calls) for name, call in _calls(channel).items()]
    return table(("call", "p50 ms", "p95 ms", "least ms", "CPU ms"), rows)


def _row(name: str, call: Callable[[], object], pid: int, calls: int) -> tuple[str, ...]:
    for _ in range(calls // 10):
        call()
    took, begun = [], _cpu_s(pid)
    for _ in range(calls):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1000)
    cpu_ms = (_cpu_s(pid) - begun) / calls * 1000
    return (name, *(f"{value:.2f}" for value in (percentile(took, 0.5), percentile(took, 0.95), min(took), cpu_ms)))


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
    return {
        "a health check": lambda: health.Check(health_pb2.HealthCheckRequest()),
        "DenoiseLatents, a step, conditioning sent": lambda: list(stub.DenoiseLatents(step)),
        "DenoiseLatents, a step, prompts as words": lambda: list(stub.DenoiseLatents(by_words)),
        "PredictDenoised, conditioning sent": lambda: stub.PredictDenoised(predict),
        "PrepareLatents": lambda: stub.PrepareLatents(prepare),
        "DecodeLatents, raw": lambda: list(stub.DecodeLatents(decode)),
        "EncodePrompt": lambda: stub.EncodePrompt(read),
    }


@contextmanager
def _instant() -> Iterator[tuple[str, int]]:
    (port,) = free_ports(1)
    with process(["tools.bench.instant", "--port", str(port)]) as child:
        address = f"127.0.0.1:{port}"
        wait_for_health(address, child)
        yield address, child.pid


def _cpu_s(pid: int) -> float:
    """Seconds of a core that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S
