"""Runs the guards: python -m tools.guard [--root FOLDER] [--json FILE] [--only NAME] [--list]."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.guard.finding import Finding
from tools.guard.table import EVERY, findings, unknown

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard said, and how long it took."""

    name: str
    findings: list[Finding]
    seconds: float


def judge(root: Path, names: Iterable[str]) -> list[Verdict]:
    """The verdict of each guard on a checkout; the reviewed list is looked at as one more."""
    verdicts = []
    for name in (*names, "allowed"):
        begun = time.monotonic()
        found = sorted(unknown(root) if name == "allowed" else findings(root, name))
        verdicts.append(Verdict(name, found, round(time.monotonic() - begun, 3)))
    return verdicts


def write(path: Path, verdicts: list[Verdict]) -> None:
    """The verdicts as JSON, the findings as their number: they are in the log."""
    checks = [{"name": one.name, "findings": len(one.findings), "seconds": one.seconds} for one in verdicts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"checks": checks}, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Prints every finding; the exit status says whether there is one."""
    options = _options(arguments)
    if options.list:
        print("\n".join(EVERY))
        return 0
    verdicts = judge(options.root, options.only or EVERY)
    for verdict in verdicts:
        for finding in verdict.findings:
            print(f"{finding} ({verdict.name})", file=sys.stderr)
    if options.json:
        write(options.json, verdicts)
    found = sum(len(verdict.findings) for verdict in verdicts)
    print(f"{len(verdicts)} guards, {found or 'no'} findings, {sum(verdict.seconds for verdict in verdicts):.1f} s")
    return 1 if found else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.guard", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to look at")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the number of findings and seconds there")
    parser.add_argument("--only", action="append", choices=EVERY, metavar="NAME", help="one guard alone; repeatable")
    parser.add_argument("--list", action="store_true", help="print the guards' names")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
