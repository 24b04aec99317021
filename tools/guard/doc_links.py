"""Guard: every file that the documents point at exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from posixpath import normpath

from tools.guard.checkout import files
from tools.guard.finding import Finding
from tools.guard.prose import Piece, documents, pieces

_PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)+/?|[\w-]+/")
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)


def check(root: Path) -> Iterator[Finding]:
    """Each link, and each path in code type that begins at a folder of this repository, that leads nowhere."""
    tracked = files(root)
    there = {*tracked, *(str(folder) for name in tracked for folder in PurePosixPath(name).parents)}
    for name in documents(root):
        for piece in pieces((root / name).read_text()):
            if message := _fault(root, name, piece, there):
                yield Finding(name, piece.line, message)


def _fault(root: Path, document: str, piece: Piece, there: set[str]) -> str:
    if piece.kind == "link":
        return _link(root, document, piece.text, there)
    if piece.kind == "span" and _PATH.fullmatch(piece.text) and piece.text.split("/")[0] in there:
        path = piece.text.rstrip("/")
        return "" if any(fnmatch(name, path) for name in there) else f"{piece.text} does not exist"
    return ""


def _link(root: Path, document: str, link: str, there: set[str]) -> str:
    if re.match(r"[a-z]+:|//", link):
        return ""
    target, _, anchor = link.partition("#")
    path = normpath(PurePosixPath(document).parent / target) if target else document
    if path not in there:
        return f"{link} leads nowhere"
    if anchor and path.endswith(".md") and anchor not in _anchors((root / path).read_text()):
        return f"{link}: {path} has no such heading"
    return ""


def _anchors(text: str) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}
