"""Runs the guards: python -m tools.guard [--root FOLDER]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.guard import idle_tests, pinned, swallowed
from tools.guard.allowed import allowed, without_allowed
from tools.guard.finding import Finding

ROOT = Path(__file__).resolve().parent.parent.parent


def findings(root: Path) -> Iterator[Finding]:
    """What all guards together find in a checkout."""
    yield from pinned.check(root)
    yield from swallowed.check(root)
    yield from without_allowed(idle_tests.check(root), allowed(root))


def main(arguments: list[str] | None = None) -> int:
    """Prints every finding; the exit status says whether there is one."""
    parser = argparse.ArgumentParser(prog="python -m tools.guard", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to look at")
    found = sorted(findings(parser.parse_args(arguments).root))
    for finding in found:
        print(finding, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
