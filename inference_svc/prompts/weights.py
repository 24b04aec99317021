"""Attention weights of AUTOMATIC1111's prompt language: (stronger), [weaker], (exactly:1.3), BREAK."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from inference_svc.prompts.emphasis import Emphasis

LIMIT = 1e6
"""No weight is further from 0 than this, however deep its brackets: it has to stay finite times anything sensible."""

_STEP = 1.1
_DEEPEST = 145  # 1.1 ** 145 is about LIMIT
_LEXEME = re.compile(
    r"\\[()\[\]\\]"  # an escape
    r"|:\s*(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*\)"  # a weight and the bracket that it closes
    r"|[()\[\]]|[^\\()\[\]:]+|[\\:]"
)
_BREAK = re.compile(r"\bBREAK\b")


@dataclass(frozen=True, slots=True)
class WeightedText:
    """A stretch of a prompt with one weight; or, with `breaks`, a BREAK: no text, the chunk ends here."""

    text: str
    weight: float = 1.0
    breaks: bool = False


@dataclass(slots=True)
class _Bracket:
    opens: bool
    square: bool
    number: float | None = None


def parse_weights(text: str, emphasis: Emphasis = Emphasis.ORIGINAL) -> tuple[WeightedText, ...]:
    r"""Returns the pieces of a prompt, none empty, neighbours of equal weight merged; an empty prompt has none.

    (x) is 1.1 times stronger, [x] 1.1 times weaker, (x:1.3) exactly so; nested brackets multiply; unclosed ones reach
    to the end; \( \) \[ \] \\ are literal, and so is whatever else makes no sense as syntax. BREAK eats the space
    around it. Weights are finite, within -LIMIT..LIMIT. With `IGNORE` all are then set to 1; with `NONE` everything is
    literal.
    """
    if emphasis is Emphasis.NONE:
        return (WeightedText(text),) if text else ()
    pieces = tuple(_merged(_weighted(_matched(text))))
    if emphasis is Emphasis.IGNORE:
        return tuple(WeightedText(piece.text, breaks=piece.breaks) for piece in pieces)
    return pieces


def _matched(text: str) -> list[str | _Bracket]:
    """The lexemes of a prompt; a closing bracket that closes nothing is text, an opening one knows its number."""
    lexemes: list[str | _Bracket] = []
    unclosed: dict[bool, list[_Bracket]] = {False: [], True: []}
    for match in _LEXEME.finditer(text):
        lexeme = match[0]
        if lexeme in ("(", "["):
            bracket = _Bracket(opens=True, square=lexeme == "[")
            unclosed[bracket.square].append(bracket)
            lexemes.append(bracket)
        elif (match["number"] or lexeme in (")", "]")) and unclosed[lexeme == "]"]:
            opening = unclosed[lexeme == "]"].pop()
            opening.number = _limited(float(match["number"])) if match["number"] else None
            lexemes.append(_Bracket(opens=False, square=opening.square, number=opening.number))
        else:
            lexemes.append(lexeme)
    return lexemes


def _weighted(lexemes: Iterable[str | _Bracket]) -> Iterator[WeightedText]:
    depth, products = 0, [1.0]  # (x) and [x] are counted, numbers are multiplied: as fast at any depth
    for lexeme in lexemes:
        if isinstance(lexeme, str):
            yield from _split(lexeme, _limited(products[-1] * _STEP ** max(-_DEEPEST, min(depth, _DEEPEST))))
        elif lexeme.number is None:
            depth += 1 if lexeme.opens != lexeme.square else -1
        elif lexeme.opens:
            products.append(_limited(products[-1] * lexeme.number))
        else:
            products.pop()


def _split(lexeme: str, weight: float) -> Iterator[WeightedText]:
    if len(lexeme) == 2 and lexeme[0] == "\\":
        lexeme = lexeme[1]
    before, *after = _BREAK.split(lexeme)
    yield WeightedText(before.rstrip() if after else before, weight)
    for index, part in enumerate(after, 1):
        yield WeightedText("", breaks=True)
        yield WeightedText(part.strip() if index < len(after) else part.lstrip(), weight)


def _merged(pieces: Iterable[WeightedText]) -> Iterator[WeightedText]:
    said = (piece for piece in pieces if piece.text or piece.breaks)
    for (breaks, weight), group in groupby(said, lambda piece: (piece.breaks, piece.weight)):
        if breaks:
            yield from group
        else:
            yield WeightedText("".join(piece.text for piece in group), weight)


def _limited(weight: float) -> float:
    return max(-LIMIT, min(weight, LIMIT))
