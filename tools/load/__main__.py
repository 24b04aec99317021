"""Drives a pair hard and says how it was: python -m tools.load --engine onnx --seconds 60 --users 16.

Without --host and --inference a pair is started on free ports, and ended. What is refused with a time to come back, and
bad requests that are told so, are counted apart; a failure makes the exit status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc

from latentwire.status import from_rpc_error
from tools.load.pair import Pair, answering, own_pair
from tools.load.report import markdown
from tools.machine import machine
from tools.server import Unmet

ROOT = Path(__file__).resolve().parents[2]
LOCUSTFILE = ROOT / "tests" / "load" / "locustfile.py"
FACES = {"rest": ("RestMaker", "RestLooker"), "grpc": ("GrpcMaker", "GrpcLooker")}
# For what is under way when the time is up: it is waited for, not counted as cut off.
_FINISH_WITHIN_S = 300
_START_WITHIN_S = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the report, prints it, and says whether something failed."""
    options = _options(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    # An old report is not to be taken for that of a run that came to none.
    for old in (options.out, options.out.with_suffix(".json")):
        old.unlink(missing_ok=True)
    try:
        with _pair(options) as pair:
            facts = _told(options, pair)
            _write(options.out, facts)
    except (Unmet, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    except grpc.RpcError as error:
        print(f"The inference service does not answer: {from_rpc_error(error)}", file=sys.stderr)
        return 1
    print(options.out.read_text(), end="")
    return 0 if sound(facts) else 1


def _write(out: Path, facts: dict[str, Any]) -> None:
    out.write_text(markdown(facts))
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")


def sound(facts: dict[str, Any]) -> bool:
    """Whether nothing failed, and at least one picture was made."""
    return not facts["outcomes"]["failed"] and any(facts["pictures"].values())


def command(options: argparse.Namespace, pair: Pair, counted: Path) -> list[str]:
    """The load, in a process of its own."""
    start = [sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}", "--headless"]
    bounds = [f"--users={options.users}", f"--seconds={options.seconds:g}", f"--requests={options.requests}"]
    more = [f"--spawn-rate={options.users}", f"--seed={options.seed}", f"--counted={counted}"]
    ends = [f"--stop-timeout={_FINISH_WITHIN_S}", "--exit-code-on-error=0", "--only-summary"]
    where = [f"--host={pair.url}", f"--inference={pair.inference}"]
    who = [name for face in _faces(options.face, pair) for name in FACES[face]]
    return [*start, *bounds, *more, *ends, *where, *who]


def _faces(face: str, pair: Pair) -> list[str]:
    there = [name for name, address in (("rest", pair.url), ("grpc", pair.inference)) if address]
    return [name for name in there if face in (name, "both")]


@contextlib.contextmanager
def _pair(options: argparse.Namespace) -> Iterator[Pair]:
    if options.host or options.inference:
        yield Pair(options.host, options.inference)
        return
    with tempfile.TemporaryDirectory() as folder:
        log = options.out.with_name(f"{options.out.stem}-server.log")
        with own_pair(options.engine, log, Path(folder)) as pair:
            yield pair


def _told(options: argparse.Namespace, pair: Pair) -> dict[str, Any]:
    who = answering(pair.inference)
    before = pair.cpu_s()
    counted = _counted(options, pair)
    after = pair.cpu_s()
    used = {name: round(after[name] - before[name], 2) for name in before if name in after}
    return {
        "when": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "answering": who,
        "users": options.users,
        "command": shlex.join(["python", "-m", "tools.load", *options.given]),
        **counted,
        "cpu_s": {**used, "load": counted["cpu_s"]} if used else {},
    }


def _counted(options: argparse.Namespace, pair: Pair) -> dict[str, Any]:
    """What the load has counted. SubprocessError: it ended badly; its log says why."""
    file = options.out.with_name(f"{options.out.stem}-counted.json").absolute()
    file.unlink(missing_ok=True)
    within_s = options.seconds + _FINISH_WITHIN_S + _START_WITHIN_S
    with options.out.with_name(f"{options.out.stem}-users.log").open("wb") as log:
        run = command(options, pair, file)
        subprocess.run(run, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=True, timeout=within_s)
    counted: dict[str, Any] = json.loads(file.read_text())
    file.unlink()
    return counted


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="", metavar="URL", help="a gateway that runs: http://127.0.0.1:7860")
    parser.add_argument("--inference", default="", metavar="ADDRESS", help="its inference service: 127.0.0.1:50051")
    parser.add_argument("--engine", default="fake", choices=("fake", "onnx", "torch"), help="of a pair started here")
    parser.add_argument("--face", default="both", choices=("both", *FACES), help="which users there are")
    parser.add_argument("--users", type=_positive, default=16, help="how many at a time")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long new requests are begun")
    parser.add_argument("--requests", type=_positive, default=1_000_000, help="most requests")
    parser.add_argument("--seed", type=int, default=0, help="of what the users decide by chance")
    parser.add_argument("--out", type=Path, default=Path("out/load.md"), help="the report; JSON and log lie beside it")
    options = parser.parse_args(arguments)
    options.given = list(sys.argv[1:] if arguments is None else arguments)
    if options.host and not options.host.startswith(("http://", "https://")):
        parser.error(f"--host {options.host} is no URL: http://127.0.0.1:7860")
    if not _faces(options.face, Pair(options.host, options.inference)) and (options.host or options.inference):
        parser.error(f"--face {options.face} needs the address of that service")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not allowed; allowed: 1 and more")
    return number


if __name__ == "__main__":
    sys.exit(main())
