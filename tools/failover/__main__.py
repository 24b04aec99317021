"""Kills one of two replicas again and again under load: python -m tools.failover --kills 20."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.failover.clients import Client, Seen, asked, jobs, pictures
from tools.failover.fleet import Fleet, Unmet, fleet

_LONGEST_PEACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What is done to which replicas. `seed`: of the moments and the victims."""

    kills: int = 20
    clients: int = 8
    engine: str = "onnx"
    steps: int = 12
    seed: int = 5


_USUAL = Trial()


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it. `answers`: with status 200."""

    answers: int
    failovers: int
    steps_recomputed: int
    faults: tuple[str, ...]


def tried(trial: Trial, folder: Path, *flags: str) -> Found:
    """Runs a trial. Unmet: a process did not start, or a replica that was killed did not come back."""
    with fleet(folder, engine=trial.engine, flags=flags) as running:
        port = running.gateway.port
        known = [(body, pictures(asked(port, body))) for body in jobs(trial.steps)]
        by_chance = {**known[0][0], "seed": -1}
        seen, over = Seen(), threading.Event()
        clients = [
            Client(port, [*known, (by_chance, None)], random.Random(trial.seed + number), seen)
            for number in range(trial.clients)
        ]
        with ThreadPoolExecutor(trial.clients) as pool:
            working = [pool.submit(client.run, lambda: not over.is_set()) for client in clients]
            try:
                _kill(trial, running, seen)
            finally:
                over.set()
            for client in working:
                client.result()
        for seed, found in seen.random_seeds:
            if pictures(asked(port, {**by_chance, "seed": seed})) != found:
                seen.faults.append(f"seed {seed}, drawn by chance, gives other pictures when it is asked for")
        return Found(seen.answers, **running.figures(), faults=tuple(seen.faults))


def _kill(trial: Trial, running: Fleet, seen: Seen) -> None:
    """Kills a replica at some moment under load, starts it again, and waits until it is back, so many times."""
    dice = random.Random(trial.seed)
    for number in range(trial.kills):
        before = seen.answers
        while seen.answers == before and not seen.faults:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, _LONGEST_PEACE_S))
        victim = dice.choice(running.replicas)
        victim.kill()
        running.gateway.note(f"kill {number + 1} of {trial.kills}: {victim.port}, after {seen.answers} answers")
        victim.start()
        running.until("ready")


def main(arguments: list[str] | None = None) -> int:
    """Any request that was not answered with its pictures is an exit status that is not 0, and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.failover", description=__doc__)
    parser.add_argument("--kills", type=int, default=_USUAL.kills)
    parser.add_argument("--clients", type=int, default=_USUAL.clients)
    parser.add_argument("--engine", choices=("onnx", "fake"), default=_USUAL.engine)
    parser.add_argument("--steps", type=int, default=_USUAL.steps)
    parser.add_argument("--seed", type=int, default=_USUAL.seed, help="of the moments and the victims")
    parser.add_argument("--out", type=Path, default=Path("out/failover.json"))
    given = parser.parse_args(arguments)
    trial = Trial(given.kills, given.clients, given.engine, given.steps, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = tried(trial, Path(folder))
        except Unmet as error:
            found = Found(0, 0, 0, (str(error),))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps({**asdict(trial), **asdict(found)}, indent=2) + "\n")
    print(given.out.read_text(), end="")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
