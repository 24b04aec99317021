"""The actions that the workflows use, and the packages that the locks name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tools.audit.reading import text
from tools.audit.withheld import Kind, Withheld, demand

# What `make dev` installs from; the others are what users install.
INSTALLED_FROM = ("requirements-dev.txt", "requirements-oracles.txt", "requirements-uv.txt")
# torch is named by version in the Makefile (docs/dependencies.md says why); pip and setuptools come with Python.
UNLOCKED = frozenset({"latentwire", "pip", "setuptools", "torch"})
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}|docker://.+@sha256:[0-9a-f]{64}|\./.+")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Pin:
    """A package of a lock: what it asks for and with how many hashes."""

    wish: Requirement
    hashes: int


def lock(path: Path) -> tuple[Pin, ...]:
    """The pins of a lock file."""
    entries = text(path).replace("\\\n", " ").splitlines()
    pins = tuple(_pin(path, entry) for entry in entries if entry.strip() and not entry.startswith("#"))
    demand(bool(pins), Kind.REFUTED, path.name, "it locks nothing")
    return pins


def _pin(path: Path, entry: str) -> Pin:
    try:
        return Pin(Requirement(entry.split(" --hash=")[0].strip()), len(_HASH.findall(entry)))
    except InvalidRequirement:
        raise Withheld(Kind.UNREADABLE, path.name, f"no requirement: {entry[:60]!r}") from None


def strays(pins: tuple[Pin, ...], installed: Mapping[str, str]) -> list[str]:
    """How the environment differs from what these pins ask for, in sentences."""
    wanted = {canonicalize_name(pin.wish.name): pin.wish for pin in pins if _applies(pin.wish)}
    wrong = [
        f"{wish} is locked, {installed.get(name, 'nothing')} is installed"
        for name, wish in wanted.items()
        if not wish.specifier.contains(installed.get(name, "0"), prereleases=True)
    ]
    return wrong + [f"{name} is installed, no lock names it" for name in sorted({*installed} - {*wanted} - UNLOCKED)]


def _applies(wish: Requirement) -> bool:
    return wish.marker is None or wish.marker.evaluate()


def actions(path: Path) -> list[str]:
    """What a workflow file uses."""
    try:
        return list(_uses(yaml.safe_load(text(path))))
    except yaml.YAMLError as error:
        raise Withheld(Kind.UNREADABLE, path.name, f"is not YAML: {str(error).splitlines()[0]}") from None


def _uses(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _uses(item)
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "uses" and isinstance(value, str):
                yield value
            else:
                yield from _uses(value)


def is_pinned(action: str) -> bool:
    """Whether it names one commit, one image, or a part of this repository."""
    return _PINNED.fullmatch(action) is not None
