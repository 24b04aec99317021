"""Two replicas of the inference service and a gateway before them, as processes; a replica can be killed."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from latentwire.ports import held
from tools.http_call import request
from tools.server import HOST, Server, Unmet, started

READY_WITHIN_S = 120.0
_LOOK_EVERY_S = 0.05
_FIGURE = re.compile(r"^latentwire_gateway_(failovers|steps_recomputed)_total ([\d.]+)$", re.MULTILINE)


@dataclass(slots=True)
class Replica:
    """One replica: what it is started with, and its life at the moment."""

    port: int
    flags: Sequence[str]
    log: Path
    lives: Iterator[int] = field(default_factory=itertools.count)
    life: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def start(self) -> None:
        """Starts it; it is ready some time later."""
        number = next(self.lives)
        command = [sys.executable, "-m", "inference_svc", f"--port={self.port}", *self.flags]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        log = self.log.with_name(f"{self.log.stem}-{number}.log")
        self.life.enter_context(started(command, self.port, log=log, environment=environment))

    def last_words(self) -> str:
        """The end of what it wrote in each of its lives."""
        return "\n".join(log.read_text()[-1000:] for log in sorted(self.log.parent.glob(f"{self.log.stem}-*.log")))

    def kill(self) -> None:
        """SIGKILL."""
        self.life.close()


@dataclass(frozen=True, slots=True)
class Fleet:
    """All of them, ready."""

    gateway: Server
    replicas: Sequence[Replica]

    def until(self, status: str) -> None:
        """Returns once the gateway calls its replicas that. Unmet: it does not."""
        deadline = time.monotonic() + READY_WITHIN_S
        while (now := self.status()) != status:
            if time.monotonic() > deadline:
                said = "\n".join(replica.last_words() for replica in self.replicas)
                raise self.gateway.unmet(f"calls its replicas {now!r} for {READY_WITHIN_S:g} s. They said:\n{said}\nIt")
            time.sleep(_LOOK_EVERY_S)

    def status(self) -> str:
        """ "ready", "degraded", or empty where nobody takes generations."""
        try:
            answer = request(self.gateway.port, "GET", "/readyz")
        except OSError:
            return ""
        return str(json.loads(answer.body)["status"]) if answer.status == 200 else ""

    def figures(self) -> dict[str, int]:
        """Failovers, and steps recomputed, since the start."""
        text = request(self.gateway.port, "GET", "/metrics").body.decode()
        return {name: int(float(value)) for name, value in _FIGURE.findall(text)}


@contextlib.contextmanager
def fleet(folder: Path, *, engine: str, flags: Sequence[str] = (), resume_every: int = 2) -> Iterator[Fleet]:
    """Two replicas and their gateway on free ports, killed at the end of the block. Unmet: they do not get ready."""
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(held(HOST, 0, f"--port of {who}")) for who in ("one", "two", "the gateway")]
        own = [f"--engine={engine}", "--host", HOST, "--threads=1", *flags]
        replicas = [Replica(port, own, folder / f"replica-{port}.log") for port in ports[:2]]
        for replica in replicas:
            stack.callback(replica.kill)
            replica.start()
        where = ",".join(f"{HOST}:{replica.port}" for replica in replicas)
        asked = [f"--inference={where}", f"--port={ports[2]}", f"--resume-every={resume_every}"]
        command = [sys.executable, "-m", "gateway_svc", *asked, f"--data-dir={folder / 'data'}"]
        gateway = stack.enter_context(started(command, ports[2], log=folder / "gateway.log"))
        gateway.until_port_open(READY_WITHIN_S)
        found = Fleet(gateway, replicas)
        found.until("ready")
        yield found


__all__ = ["Fleet", "Replica", "Unmet", "fleet"]
