"""Prompts as deep and as long as they may be."""

from __future__ import annotations

import sys

import pytest

from inference_svc.prompts import ScheduleFor, schedule
from inference_svc.prompts.brackets import lexemes

DEEP = 9_000
ONE = ScheduleFor(1)


@pytest.mark.parametrize(
    ("opening", "closing", "expected"),
    [
        ("[", ":b:1]", "x"),
        ("[", ":0]", "x"),
        ("[[[", ":0]:0]:0]", "x"),
        ("[", "|b]", "x"),
        ("(", ")", "(" * DEEP + "x" + ")" * DEEP),
        ("[", "]", "[" * DEEP + "x" + "]" * DEEP),
        ("[a:", ":0]", "x"),
    ],
)
def test_brackets_nest_deeper_than_the_interpreter_recurses(opening: str, closing: str, expected: str) -> None:
    assert sys.getrecursionlimit() < DEEP
    (part,) = schedule(opening * DEEP + "x" + closing * DEEP, ONE)
    assert part.segments[0].text == expected


@pytest.mark.parametrize("unit", ["[", "]", "(", "[a:", "[a|", ":1]", "[(", "\\", "[a:b:0.5"])
def test_brackets_that_are_never_closed_are_text(unit: str) -> None:
    text = (unit * 65_536)[:65_536]
    assert schedule(text, ScheduleFor(2, negative=True))[0].segments[-1].text == text


@pytest.mark.parametrize("unit", ["[", "]", "(a:1.1)", "[a:", ":1]", ": ", "[[a]:1]", "[a|b]"])
def test_twice_the_text_is_twice_the_lexemes(unit: str) -> None:
    assert count(unit * 2_000) <= 2 * count(unit * 1_000) + 1


def count(text: str) -> int:
    """How many lexemes a prompt has."""
    return sum(1 for _ in lexemes(text))
