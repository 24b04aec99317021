"""Starts the pair with the fake on free ports and drives it for a while: python -m tools.soak --seconds 60."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import grpc

from latentwire.ports import held
from tools.quiet import left_over
from tools.server import HOST, Server, Unmet, started
from tools.soak.client import Client
from tools.soak.memory import Growth, growth, resident_mib, services
from tools.soak.tally import Tally

# Generations are remembered for a minute after their end: only then is memory what it will be.
WARM_UP_S = 75.0
# At twenty requests a second for ten minutes: five kilobytes kept of each would be found.
GROWS_AT_MOST_MIB = 64.0
_READY_WITHIN_S = 60.0
_QUIET_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """How many clients, and for how long before and after memory is first looked at."""

    clients: int
    seconds: float
    warm_up_s: float = WARM_UP_S


def soak(load: Load, log: Path, folder: Path) -> tuple[Tally, list[Growth]]:
    """What the clients saw, and what became of the memory. Unmet: the pair did not start, keep going, or end well."""
    tally = Tally()
    with held(HOST, 0, "--port") as port, held(HOST, 0, "--inference-port") as inference_port:
        flags = ["--engine=fake", f"--port={port}", f"--inference-port={inference_port}", f"--data-dir={folder}"]
        with started([sys.executable, "-m", "latentwire", "serve", *flags], port, log=log) as server:
            server.until_port_open(_READY_WITHIN_S)
            server.until_ready(_READY_WITHIN_S)
            grown = _drive(load, server, tally)
            _until_quiet(server, f"{HOST}:{inference_port}")
            if status := server.stop():
                raise server.unmet(f"ended with exit status {status} after SIGTERM")
    return tally, grown


def _drive(load: Load, server: Server, tally: Tally) -> list[Growth]:
    end = time.monotonic() + load.warm_up_s + load.seconds
    pids = services(server.process.pid)
    clients = [Client(server.port, tally, random.Random(index)) for index in range(load.clients)]
    with ThreadPoolExecutor(load.clients) as pool:
        running = [pool.submit(client.run, lambda: time.monotonic() < end) for client in clients]
        time.sleep(load.warm_up_s)
        warm = {name: resident_mib(pid) for name, pid in pids.items()}
        server.note("warm")
        for client in running:
            client.result()
    server.note("load ended")
    return growth(warm, {name: resident_mib(pid) for name, pid in pids.items()})


def _until_quiet(server: Server, address: str) -> None:
    """Returns when no generation is left. Unmet: one that was given up still runs."""
    if left := left_over(address, _QUIET_WITHIN_S):
        raise server.unmet(f"still has {left} generations {_QUIET_WITHIN_S:g} s after the load")
    server.note("quiet")


def objections(tally: Tally, grown: list[Growth]) -> list[str]:
    """What was not as it has to be."""
    said = list(tally.faults)
    if not tally.counts["picture"]:
        said.append("not one picture was made")
    said += [
        f"{each.service} grew by {each.mib:.1f} MiB; {GROWS_AT_MOST_MIB:g} are allowed"
        for each in grown
        if each.mib > GROWS_AT_MOST_MIB
    ]
    return said


def report(load: Load, tally: Tally, grown: list[Growth], said: list[str]) -> str:
    """What happened, as JSON."""
    facts = {
        **asdict(load),
        "counts": dict(sorted(tally.counts.items())),
        "jobs": len(tally.pictures),
        "memory": [{**asdict(each), "grew_mib": round(each.mib, 1)} for each in grown],
        "grows_at_most_mib": GROWS_AT_MOST_MIB,
        "objections": said,
    }
    return json.dumps(facts, indent=2) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Anything that should not have been is an exit status that is not 0, and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0, help=f"after a warm-up of {WARM_UP_S:g} s")
    parser.add_argument("--out", type=Path, default=Path("out/soak.json"), help="the report; the log lies beside it")
    asked = parser.parse_args(arguments)
    load = Load(asked.clients, asked.seconds)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            tally, grown = soak(load, asked.out.with_name(f"{asked.out.stem}-server.log"), Path(folder))
        said = objections(tally, grown)
    except (Unmet, OSError, grpc.RpcError) as error:
        tally, grown, said = Tally(), [], [str(error)]
    asked.out.write_text(report(load, tally, grown, said))
    print(asked.out.read_text(), end="")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
