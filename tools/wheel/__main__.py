"""Builds the package, looks into it, installs it alone, runs it: python -m tools.wheel."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from tools.http_call import BadAnswer
from tools.server import Unmet
from tools.wheel import contents
from tools.wheel.building import BadPackage, Package, build, digest
from tools.wheel.trial import Trial, install, run

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.txt"


def checked(checkout: Path, package: Package) -> Package:
    """The package, if its wheel has what it needs and nothing else. BadPackage: it has not."""
    if wrong := list(contents.faults(contents.names(package.wheel), contents.tracked(checkout))):
        raise BadPackage("\n  ".join([f"{package.wheel.name}:", *wrong]))
    return package


def facts(package: Package, trial: Trial) -> dict[str, object]:
    """What the report says."""
    return {
        "wheel": package.wheel.name,
        "sha256": digest(package.wheel),
        "sdist": package.sdist.name,
        "sdist_sha256": digest(package.sdist),
        "files": len(contents.names(package.wheel)),
        "python": platform.python_version(),
        "engine": trial.picture.engine,
        "picture": trial.picture.facts(),
        "ready_s": trial.ready_s,
    }


def make(dist: Path, out: Path) -> None:
    """Leaves sdist and wheel in `dist` once they have passed; the report in `out`."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        package = checked(ROOT, build(ROOT, folder / "built"))
        install(package.wheel, LOCK, folder / "environment")
        trial = run(folder / "environment", folder, out.with_name(f"{out.stem}-server.log"))
        out.write_text(json.dumps(facts(package, trial), indent=2) + "\n")
        leave(package, dist)


def leave(package: Package, dist: Path) -> None:
    """Copies both files there, in place of earlier ones."""
    dist.mkdir(parents=True, exist_ok=True)
    for old in (*dist.glob("latentwire-*.whl"), *dist.glob("latentwire-*.tar.gz")):
        old.unlink()
    for built in (package.sdist, package.wheel):
        shutil.copy(built, dist)


def main(arguments: list[str] | None = None) -> int:
    """A package that is not fit for release is an exit status that is not 0, and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.wheel", description=__doc__)
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="where the package is left")
    parser.add_argument("--out", type=Path, default=Path("out/wheel.json"), help="the report; the log lies beside it")
    asked = parser.parse_args(arguments)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.unlink(missing_ok=True)
    try:
        make(asked.dist, asked.out)
    except (BadPackage, BadAnswer, Unmet, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{asked.out.read_text()}It installs and runs alone.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
