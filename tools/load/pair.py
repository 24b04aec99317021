"""The pair under load: one that runs already, or one that is started for it and ended after it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from latentwire.ports import held
from latentwire.v1.model_service_pb2 import ListModelsRequest
from latentwire.v1.model_service_pb2_grpc import ModelServiceStub
from tools.quiet import left_over
from tools.server import HOST, Server, started
from tools.soak.memory import services

_READY_WITHIN_S = 120.0
_QUIET_WITHIN_S = 60.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Pair:
    """Where the services are: an address is empty where nobody is to be asked. `pids`: of services started here."""

    url: str
    inference: str
    pids: Callable[[], dict[str, int]] = dict

    def cpu_s(self) -> dict[str, float]:
        """Processor time of each service so far, in seconds; of a pair that was started here alone."""
        return {name: _cpu_s(pid) for name, pid in self.pids().items()}


@contextlib.contextmanager
def own_pair(engine: str, log: Path, folder: Path) -> Iterator[Pair]:
    """A pair on free ports, once it is ready. Unmet: it does not start, has work left after the load, or ends badly."""
    with held(HOST, 0, "--port") as port, held(HOST, 0, "--inference-port") as inference_port:
        flags = [f"--engine={engine}", f"--port={port}", f"--inference-port={inference_port}", f"--data-dir={folder}"]
        with started([sys.executable, "-m", "latentwire", "serve", *flags], port, log=log) as server:
            server.until_port_open(_READY_WITHIN_S)
            server.until_ready(_READY_WITHIN_S)
            address = f"{HOST}:{inference_port}"
            yield Pair(f"http://{HOST}:{port}", address, lambda: _running(server))
            _end(server, address)


def _running(server: Server) -> dict[str, int]:
    return services(server.process.pid) if server.process.poll() is None else {}


def _end(server: Server, address: str) -> None:
    if (status := server.process.poll()) is not None:
        raise server.unmet(f"ended with exit status {status} under the load")
    try:
        left = left_over(address, _QUIET_WITHIN_S)
    except grpc.RpcError as error:  # the whole may not have ended yet: it stops the other service first
        raise server.unmet("lost its inference service under the load") from error
    if left:
        raise server.unmet(f"still has {left} generations {_QUIET_WITHIN_S:g} s after the load")
    if status := server.stop():
        raise server.unmet(f"ended with exit status {status} after SIGTERM")


def answering(address: str) -> str:
    """Engine, default model and its runner, as an inference service says; empty without an address. RpcError."""
    if not address:
        return ""
    with grpc.insecure_channel(address) as channel:
        answer, call = ModelServiceStub(channel).ListModels.with_call(ListModelsRequest(), timeout=_READY_WITHIN_S)
    engine = next((str(value) for key, value in call.initial_metadata() if key == "x-latentwire-engine"), "unknown")
    model = next((each for each in answer.models if each.is_default), None)
    return f"engine {engine}" + (f", model {model.name} ({model.runner})" if model else "")


def _cpu_s(pid: int) -> float:
    """utime and stime: the 14th and 15th field of /proc/PID/stat, counted from before the name in brackets."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
