"""Single-thread workers that train one set of shared weights without locks (Niu et al. 2011)."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing as mp
from torch import Tensor

Weights = dict[str, Tensor]
PID_FILE = Path("var/train.pid")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train and how fast: the learning rate rises, holds, and falls to a hundredth."""

    minutes: float
    learning_rate: float
    warmup: float = 0.02
    hold: float = 0.4
    worker_count: int = 2
    options: Mapping[str, Any] = field(default_factory=dict)

    def rate_at(self, fraction: float) -> float:
        """Returns the learning rate when this fraction of the time has passed."""
        if fraction < self.warmup:
            return self.learning_rate * (fraction / self.warmup + 0.01)
        if fraction < self.hold:
            return self.learning_rate
        falling = min(1.0, (fraction - self.hold) / (1 - self.hold))
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * falling)))


@dataclass(frozen=True)
class Shared:
    """What the workers have in common: master weights, a stop flag, the samples so far, the start."""

    masters: Weights
    average: Weights
    stop: Any
    sample_count: Any
    start: float

    def fraction(self, plan: Plan) -> float:
        """Returns how much of the planned time has passed."""
        return (time.time() - self.start) / (60 * plan.minutes)

    def running(self, plan: Plan) -> bool:
        """Tells whether to go on."""
        return not self.stop.is_set() and self.fraction(plan) < 1


Worker = Callable[[int, Shared, Plan], None]


def share(weights: Mapping[str, Tensor]) -> Weights:
    """Returns float32 copies of the weights in shared memory."""
    copies = {name: weight.detach().float().clone() for name, weight in weights.items()}
    for copy in copies.values():
        copy.share_memory_()  # type: ignore[no-untyped-call]
    return copies


def train(
    worker: Worker,
    weights: Mapping[str, Tensor],
    plan: Plan,
    average: Mapping[str, Tensor] | None = None,
    sample_count: int = 0,
) -> Shared:
    """Runs the workers until the time is over or SIGTERM or SIGINT comes, then returns what they learnt.

    Raises RuntimeError where one of them failed.
    """
    context = mp.get_context("spawn")
    counter = context.Value("q", sample_count)
    shared = Shared(share(weights), share(average or weights), context.Event(), counter, time.time())
    processes = [
        context.Process(target=_begin, args=(worker, rank, shared, plan), daemon=True)
        for rank in range(plan.worker_count)
    ]
    for process in processes:
        process.start()
    PID_FILE.parent.mkdir(exist_ok=True)
    PID_FILE.write_text("".join(f"{process.pid}\n" for process in processes))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: shared.stop.set())
    for process in processes:
        process.join()
    PID_FILE.unlink(missing_ok=True)
    if any(process.exitcode for process in processes):
        raise RuntimeError(f"workers ended with {[process.exitcode for process in processes]}")
    return shared


def _begin(worker: Worker, rank: int, shared: Shared, plan: Plan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: shared.stop.set())
    os.nice(max(0, 19 - os.nice(0)))
    torch.set_num_threads(1)
    torch.manual_seed(int(shared.start) * 10 + rank)
    parent = os.getppid()
    _exit_with(parent, shared)
    worker(rank, shared, plan)


def _exit_with(parent: int, shared: Shared) -> None:
    """Stops this worker when its parent is killed outright and can no longer tell it."""

    def watch() -> None:
        while not shared.stop.is_set():
            if os.getppid() != parent:
                os._exit(1)
            time.sleep(2)

    threading.Thread(target=watch, daemon=True).start()


def save(path: Path, checkpoint: Mapping[str, Any]) -> None:
    """Writes a checkpoint so that a kill half way leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    torch.save(checkpoint, temporary)
    temporary.replace(path)
