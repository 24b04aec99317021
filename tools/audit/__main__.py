"""Judges a run of continuous integration: python -m tools.audit [--evidence out/evidence] [--out out] [--least N]."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools.audit.checkout import surroundings
from tools.audit.document import document
from tools.audit.facts import Facts
from tools.audit.least import under
from tools.audit.report import report
from tools.audit.rules import rules
from tools.audit.score import POINTS
from tools.audit.verdict import verdict

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Writes audit.md and audit.json; the exit status says whether every category has the least that is asked for."""
    options = _options(arguments)
    if options.rules:
        print(rules(), end="")
        return 0
    found = verdict(Facts(options.root, options.evidence, surroundings(options.root, os.environ)))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "audit.md").write_text(report(found))
    (options.out / "audit.json").write_text(document(found))
    print(", ".join(f"{category.name} {category.score} of {POINTS}" for category in found.categories))
    for fault in found.faults:
        print(f"{fault.file}: {fault.kind}: {fault.reason}", file=sys.stderr)
    failures = under(found.categories, options.least)
    for sentence in failures:
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=__doc__)
    parser.add_argument("--evidence", type=Path, default=Path("out/evidence"), help="the folder that the steps wrote")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where audit.md and audit.json go")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout that the steps ran on")
    parser.add_argument(
        "--least",
        type=int,
        choices=range(POINTS + 1),
        help="what each category must have; left out: what tools/audit/least.py records; 0 passes always",
    )
    parser.add_argument("--rules", action="store_true", help="only print the rules, as docs/audit.md has them")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
