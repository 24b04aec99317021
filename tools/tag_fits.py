"""Refuses a release whose tag is not the package's version: python -m tools.tag_fits v1.2.3."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from latentwire import __version__

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def objections(tag: str, version: str, changelog: str) -> Iterator[str]:
    """Why a tag can't be released; nothing when it can."""
    if tag != f"v{version}":
        yield f"The tag is {tag!r}, the package's version {version}: the tag has to be v{version}."
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}$", changelog, re.MULTILINE):
        yield f"CHANGELOG.md has no section '## [{version}] - YYYY-MM-DD'."


def main(arguments: list[str] | None = None) -> int:
    """Prints every objection; the exit status says whether there is one."""
    parser = argparse.ArgumentParser(prog="python -m tools.tag_fits", description=__doc__)
    parser.add_argument("tag")
    found = list(objections(parser.parse_args(arguments).tag, __version__, CHANGELOG.read_text()))
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
