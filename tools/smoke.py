"""Boots the pair as a user would, asks for one picture, and stops it: python -m tools.smoke [-- COMMAND ...]."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.http_call import BadAnswer, Picture, txt2img
from tools.server import Event, Unmet, started

WIDTH, HEIGHT = 96, 64


@dataclass(frozen=True, slots=True)
class Boot:
    """What is started, where it listens, and which engine has to answer."""

    command: Sequence[str]
    port: int
    engine: str
    within_s: float
    log: Path


@dataclass(slots=True)
class Report:
    """What happened, as far as it went: `error` is empty when all went well."""

    port: int
    engine: str = ""
    events: list[Event] = field(default_factory=list)
    exit_status: int | None = None
    picture: Picture | None = None
    error: str = ""

    def text(self) -> str:
        """The report as JSON."""
        facts = {**asdict(self), "picture": self.picture and self.picture.facts()}
        return json.dumps(facts, indent=2) + "\n"


def smoke(boot: Boot) -> Report:
    """Boot, picture, stop; the report says in `error` what did not come."""
    report = Report(boot.port)
    try:
        _run(boot, report)
    except (Unmet, BadAnswer, OSError) as error:
        report.error = str(error)
    return report


def _run(boot: Boot, report: Report) -> None:
    with started(boot.command, boot.port, log=boot.log) as server:
        report.events = server.events
        server.until_port_open(boot.within_s)
        server.until_ready(boot.within_s)
        report.picture = txt2img(boot.port, WIDTH, HEIGHT)
        report.engine = report.picture.engine
        server.note("picture")
        if report.engine != boot.engine:
            raise Unmet(f"Asked for the engine {boot.engine!r}, the answer is of {report.engine!r}.")
        report.exit_status = server.stop()
        if report.exit_status != 0:
            raise server.unmet(f"ended with exit status {report.exit_status} after SIGTERM")


def main(arguments: list[str] | None = None) -> int:
    """Any surprise is an exit status that is not 0, and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.smoke", description=__doc__)
    parser.add_argument("--engine", default="fake", help="which one has to answer")
    parser.add_argument("--port", type=int, default=7860, help="where the command listens")
    parser.add_argument("--within", type=float, default=60, metavar="SECONDS", help="for the port, and for readiness")
    parser.add_argument("--out", type=Path, default=Path("out/smoke.json"), help="the report; the log lies beside it")
    parser.add_argument("command", nargs="*", help="instead of `latentwire serve --engine ENGINE`")
    asked = parser.parse_args(arguments)
    command = asked.command or [sys.executable, "-m", "latentwire", "serve", "--engine", asked.engine]
    log = asked.out.with_name(f"{asked.out.stem}-server.log")
    report = smoke(Boot(command, asked.port, asked.engine, asked.within, log))
    asked.out.write_text(report.text())
    print(report.error or f"The {report.engine} engine made a picture and stopped cleanly.", flush=True)
    return 1 if report.error else 0


if __name__ == "__main__":
    sys.exit(main())
