"""Which brackets, colons and bars of a prompt are syntax, and which are text.

A bracket is syntax when it is closed by its like, when what it encloses is well formed itself, and when its colons and
bars make one of the shapes of the grammar. All others are text, so that the grammar need not know of mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeAlias

_LEXEME = re.compile(
    r"(?P<WHEN>:\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*\])"
    r"|(?P<OPEN>\()|(?P<CLOSE>\))|(?P<OPEN_SQUARE>\[)|(?P<CLOSE_SQUARE>\])|(?P<COLON>:)|(?P<BAR>\|)"
    r"|(?P<TEXT>(?:[^\\()\[\]:|]|\\.)+)"
    r"|(?P<BACKSLASH>\\)"  # the last character of a line: it escapes nothing
)

Lexeme: TypeAlias = tuple[str, str]
"""The name of a terminal of the grammar, and its text. BACKSLASH is none: with one, a text is no prompt."""


@dataclass(slots=True)
class _Bracket:
    """One that is open: where it is, its colons and bars. `sound`: whether all in it is well formed so far."""

    square: bool
    places: list[int]
    colons: int = 0
    bars: int = 0
    sound: bool = True

    def fits(self, closing: str) -> bool:
        if not self.sound or (self.bars and (self.colons or closing != "CLOSE_SQUARE")):
            return False
        return self.colons <= (closing != "CLOSE_SQUARE")


@dataclass(slots=True)
class _Sieve:
    """Goes through the names of lexemes, and makes TEXT of what turns out to be no syntax."""

    names: list[str]
    opened: list[_Bracket] = field(default_factory=list)

    def sift(self) -> None:
        for place, name in enumerate(self.names):
            if name in ("OPEN", "OPEN_SQUARE"):
                self.opened.append(_Bracket(name == "OPEN_SQUARE", [place]))
            elif name in ("CLOSE", "CLOSE_SQUARE", "WHEN"):
                self._close(place, name)
            elif name == "COLON":
                self._colon(place)
            elif name == "BAR" and self.opened:
                self.opened[-1].bars += 1
        self._unravel(self.opened)

    def _close(self, place: int, name: str) -> None:
        if not self.opened or self.opened[-1].square != (name != "CLOSE"):
            self._unravel(self.opened)  # what is open can't be closed any more with this in it
            self.opened.clear()
            self.names[place] = "TEXT"
        elif not (bracket := self.opened.pop()).fits(name):
            self._unravel([bracket])
            self.names[place] = "TEXT"
            if self.opened:
                self.opened[-1].sound = False

    def _colon(self, place: int) -> None:
        if self.opened:
            self.opened[-1].places.append(place)
            self.opened[-1].colons += 1
        else:
            self.names[place] = "TEXT"

    def _unravel(self, brackets: list[_Bracket]) -> None:
        """Bars stay what they are: no prompt has any outside brackets."""
        for bracket in brackets:
            for place in bracket.places:
                self.names[place] = "TEXT"


def lexemes(text: str) -> Iterator[Lexeme]:
    """Yields the lexemes of a prompt, all of its text, no two of TEXT in a row, in time proportional to its length."""
    names, sources = list[str](), list[str]()
    for match in _LEXEME.finditer(text):
        names.append(match.lastgroup or "TEXT")
        sources.append(match[0])
    _Sieve(names).sift()
    for name, group in groupby(zip(names, sources, strict=True), lambda lexeme: lexeme[0]):
        if name == "TEXT":
            yield name, "".join(source for _, source in group)
        else:
            yield from group
