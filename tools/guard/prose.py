"""What documents say that can be run or followed: code spans, code blocks, table cells, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.guard.checkout import files

_FENCE = re.compile(r"^\s*(```|~~~)(\w*)")
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)|\b(?:src|href)=\"([^\"]+)\"")
_SHELLS = frozenset({"console", "sh", "bash", "shell"})
_HEAD = re.compile(r"`(latentwire \w+)`")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a document: `kind` is span, command or link; `of` the command that a table's head names."""

    kind: str
    text: str
    line: int
    of: str = ""


def documents(root: Path) -> list[str]:
    """The documents of a checkout, templates too; what others wrote is theirs."""
    return [name for name in files(root) if name.endswith(".md") and not name.startswith("third_party/")]


def pieces(text: str) -> Iterator[Piece]:
    """Every piece of a document, in order."""
    language, fenced, of = "", False, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence := _FENCE.match(line):
            fenced, language = not fenced, fence[2]
        elif fenced:
            if language in _SHELLS:
                yield Piece("command", line.strip().removeprefix("$ "), number)
        else:
            of = _of(line, of)
            yield from _inline(line, number, of)


def _of(line: str, before: str) -> str:
    """A table's head may name the command whose flags the table lists."""
    if not line.startswith("|"):
        return ""
    head = _HEAD.search(line)
    return before or (head[1] if head else "")


def _inline(line: str, number: int, of: str) -> Iterator[Piece]:
    yield from (Piece("span", match[1], number, of) for match in _SPAN.finditer(line))
    for match in _LINK.finditer(_SPAN.sub("", line)):
        yield Piece("link", match[1] or match[2], number)


def words(command: str) -> Iterator[list[str]]:
    """The simple commands of a line, each as its words; nothing for what is no command."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # half a quotation: the rest is on the next line
        tokens = command.split()
    simple: list[str] = []
    for token in tokens:
        if set(token) <= set("|&;()"):
            yield simple
            simple = []
        else:
            simple.append(token)
    yield simple
