"""Guard: every command that the documents name exists, with its flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from gateway_svc.main import main as gateway
from inference_svc.flags import settings_command
from latentwire.cli import main as latentwire
from tools.guard.finding import Finding
from tools.guard.prose import Piece, documents, pieces, words
from tools.guard.steps import targets

_VALUE = re.compile(r"[A-Z_]+=")
# These two pass their flags on: the service's own command knows them.
_BEHIND: dict[str, click.Command] = {
    "inference": settings_command(lambda settings, shown: None),
    "gateway": gateway,
}


def check(root: Path) -> Iterator[Finding]:
    """Each target, script, module, subcommand and flag that a document names and that is not there."""
    known = targets((root / "Makefile").read_text())
    for name in documents(root):
        for piece in pieces((root / name).read_text()):
            yield from (Finding(name, piece.line, message) for message in _faults(root, piece, known))


def _faults(root: Path, piece: Piece, known: set[str]) -> Iterator[str]:
    if piece.kind == "link":
        return
    if piece.of and piece.text.startswith("--"):
        yield from _latentwire([*piece.of.split()[1:], *piece.text.split()])
    for simple in words(piece.text):
        yield from _command(root, [word for word in simple if not _VALUE.match(word)], known)


def _command(root: Path, simple: list[str], known: set[str]) -> Iterator[str]:
    match simple:
        case ["make", *rest]:
            yield from (f"make {word}: no such target" for word in _leading(rest) if word not in known)
        case ["latentwire", *rest]:
            yield from _latentwire(rest)
        case [script, *_] if script.startswith(".ci/") and not (root / script).is_file():
            yield f"{script} does not exist"
        case [python, "-m", module, *rest] if "python" in python and module.startswith("tools"):
            yield from _module(root, module, rest)


def _leading(rest: list[str]) -> Iterator[str]:
    """The targets: the words up to one that no target could be called."""
    for word in rest:
        if word.startswith("-"):
            continue
        if not re.fullmatch(r"[a-z][a-z0-9-]*", word):
            return
        yield word


def _latentwire(rest: list[str]) -> Iterator[str]:
    if not rest or rest[0].startswith("-"):
        return
    command = _BEHIND.get(rest[0]) or latentwire.commands.get(rest[0])
    if command is None:
        yield f"latentwire {rest[0]}: no such command"
        return
    flags = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)}
    for word in rest[1:]:
        flag = word.partition("=")[0]
        if flag.startswith("--") and flag not in flags | {"--help"}:
            yield f"latentwire {rest[0]} {flag}: no such flag"


def _module(root: Path, module: str, rest: list[str]) -> Iterator[str]:
    path = root / module.replace(".", "/")
    sources = [path.with_suffix(".py")] if path.with_suffix(".py").exists() else sorted(path.glob("*.py"))
    if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists():
        yield f"python -m {module}: no such module"
        return
    text = "".join(source.read_text() for source in sources)
    for word in rest:
        flag = word.partition("=")[0]
        if flag.startswith("--") and flag != "--help" and f'"{flag}"' not in text:
            yield f"python -m {module} {flag}: no such flag"
