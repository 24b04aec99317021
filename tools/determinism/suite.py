"""Makes every case once in this process and prints the digests as JSON: python -m tools.determinism.suite."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
from collections.abc import Sequence

from tools.determinism.cases import Case, cases
from tools.determinism.digests import digest
from tools.determinism.service import serving

ENGINES = ("fake", "onnx")


async def digests(engine: str, wanted: Sequence[Case], *, together: bool) -> dict[str, str]:
    """Returns the digest of each case by "engine: name", made one after the other, or all at once."""
    async with serving(engine) as faces:
        if together:
            found = await asyncio.gather(*(digest(faces, case) for case in wanted))
        else:
            found = [await digest(faces, case) for case in wanted]
    return {f"{engine}: {case.name}": sha256 for case, sha256 in zip(wanted, found, strict=True)}


async def _run(options: argparse.Namespace) -> dict[str, str]:
    wanted = [case for case in cases() if re.search(options.only, case.name)]
    random.Random(options.order_seed).shuffle(wanted)
    pictures: dict[str, str] = {}
    for engine in options.engines:
        pictures |= await digests(engine, wanted, together=options.together)
    return pictures


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that say which cases are made, and with what."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES, help="default: all of them")
    parser.add_argument("--only", default="", metavar="PATTERN", help="cases whose names match")


def main() -> None:
    """Prints a JSON object, the digests by case."""
    parser = argparse.ArgumentParser(prog="python -m tools.determinism.suite", description=__doc__)
    arguments(parser)
    parser.add_argument("--order-seed", type=int, required=True, help="of the order in which cases are made")
    parser.add_argument("--together", action="store_true", help="make all cases at once")
    json.dump(asyncio.run(_run(parser.parse_args())), sys.stdout)


if __name__ == "__main__":
    main()
