"""Facts of the checkout and of the environment, read by the audit itself."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from tools.audit.reading import content


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the audit runs.

    `revision` is empty outside a repository; `dirty` says whether a file differs from it or is new to it, ignored ones
    aside; `committed` maps each path of the revision to its git object id; `installed` maps each package of this
    environment to its version; `hosted` says whether the hosting service runs it.
    """

    revision: str
    dirty: bool
    committed: Mapping[str, str]
    python: str
    installed: Mapping[str, str]
    hosted: bool


def surroundings(root: Path, environment: Mapping[str, str]) -> Surroundings:
    """Asks git and the interpreter."""
    tree = _git(root, "ls-tree", "-r", "-z", "HEAD").split("\0")
    return Surroundings(
        revision=_git(root, "rev-parse", "HEAD").strip(),
        dirty=bool(_git(root, "status", "--porcelain", "--untracked-files=normal")),
        committed={path: facts.split()[2] for facts, _, path in (line.partition("\t") for line in tree if line)},
        python=platform.python_version(),
        installed={canonicalize_name(found.name): found.version for found in metadata.distributions()},
        hosted=environment.get("GITHUB_ACTIONS") == "true",
    )


def _git(root: Path, *arguments: str) -> str:
    result = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else ""


def object_id(raw: bytes, like: str) -> str:
    """The id that git gives these bytes, by the hash that made the id `like`."""
    algorithm = "sha1" if len(like) == 40 else "sha256"
    return hashlib.new(algorithm, b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def is_committed(root: Path, path: str, committed: Mapping[str, str]) -> bool:
    """Whether a file is, byte for byte, the one of the revision."""
    known = committed.get(path)
    return known is not None and object_id(content(root / path), known) == known
