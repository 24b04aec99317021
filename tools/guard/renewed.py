"""Guard: a released contract that is renewed over a break says what it breaks, in the same change.

The image at each earlier commit that there is to compare with (see `history`) is what clients were promised then. Where
the image is another now, neither the contract nor the new image may break that promise, unless lines that the changelog
has gained since, under Unreleased, name what is broken and the new image. A clone of one commit has nothing to compare
with, which is said; so a workflow that runs the guards has to fetch two.
"""

from __future__ import annotations

import re
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard.checkout import named, workflows
from tools.guard.finding import Finding
from tools.guard.generated import CHANGELOG, IMAGE, words
from tools.guard.history import at, before
from tools.guard.workflow import document

_BREAKS = 100
_UNRELEASED = re.compile(r"^## \[Unreleased\]\s*$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
# The thing that a message of buf is about: the first of these kinds that it names.
_KINDS = ("RPC", "message", "enum", "service", "file")
_GUARDS_RUN = re.compile(r"\.ci/run\b|\.ci/step guard\b|\bmake (.* )?(guard|check)\b|tools\.guard\b")


def check(root: Path) -> Iterator[Finding]:
    """Each break that an image was renewed over without a word, and each workflow that could not notice."""
    commits = before(root)
    if "HEAD^1" not in commits:
        print(f"renewed: no parent commit here, so nobody knows whether {IMAGE} was renewed: git fetch --deepen=1")
    for name, commit in commits.items():
        yield from (Finding(IMAGE, 1, f"was renewed after {name}: {what}") for what in _since(root, commit))
    yield from _shallow(root)


def gained(now: str, then: str) -> str:
    """The lines under Unreleased that a changelog had nowhere before."""
    section = _UNRELEASED.search(now)
    known = set(then.splitlines())
    return "\n".join(line for line in (section[1] if section else "").splitlines() if line not in known)


def _since(root: Path, commit: str) -> Iterator[str]:
    then, path = at(root, commit, IMAGE), root / IMAGE
    if then is None or not path.exists() or path.read_bytes() == then:
        return
    said = gained((root / CHANGELOG).read_text(), (at(root, commit, CHANGELOG) or b"").decode())
    broken = _breaks(root, then)
    for message in broken:
        if not re.search(rf"(?<!\w){re.escape(subject(message))}(?!\w)", said):
            yield f"no new line of {CHANGELOG} under [Unreleased] names '{subject(message)}', yet: {message}"
    if broken and words(path.read_bytes()) not in said:
        yield f"no new line of {CHANGELOG} under [Unreleased] has the words '{words(path.read_bytes())}'"


def subject(message: str) -> str:
    """The name of what is broken, as buf says it: of an RPC, else of a message, an enum, a service, a file."""
    for kind in _KINDS:
        if match := re.search(rf'\b{kind} "([^"]+)"', message):
            return match[1]
    return message


def _breaks(root: Path, promised: bytes) -> list[str]:
    """What the contract, or the image of it that is kept, breaks of an earlier image: buf's messages, each once."""
    with tempfile.TemporaryDirectory() as folder:
        against = Path(folder) / "promised.binpb"
        against.write_bytes(promised)
        found = [message for given in ("proto", IMAGE) for message in _broken_by(root, given, against)]
    return list(dict.fromkeys(found))


def _broken_by(root: Path, given: str, against: Path) -> list[str]:
    buf = str(Path(sysconfig.get_path("scripts")) / "buf")
    command = [buf, "breaking", given, "--exclude-imports", "--against", str(against)]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ended.returncode == _BREAKS:
        return [line.split(":", 3)[-1] for line in ended.stdout.splitlines()]
    return [f"{given} can't be compared: {ended.stderr.strip()[-200:]}"] if ended.returncode else []


def _shallow(root: Path) -> Iterator[Finding]:
    for path in workflows(root):
        for name, job in document(path).get("jobs", {}).items():
            steps = job.get("steps", [])
            if any(_GUARDS_RUN.search(step.get("run", "")) for step in steps) and not all(map(_deep, steps)):
                message = f"job {name} runs the guards on a clone of one commit: fetch-depth: 2 in its checkout"
                yield Finding(named(root, path), 1, message)


def _deep(step: dict[str, Any]) -> bool:
    depth = (step.get("with") or {}).get("fetch-depth", 1)
    return not step.get("uses", "").startswith("actions/checkout@") or depth == 0 or depth > 1
