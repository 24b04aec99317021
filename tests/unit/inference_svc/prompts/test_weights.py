"""What the brackets of a prompt mean."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.prompts import Emphasis, WeightedText, parse_weights
from inference_svc.prompts.weights import LIMIT

SYNTAX = st.lists(st.sampled_from([*"ab ,:.10+-\\()[]\n", "BREAK", " BREAK ", "é"]), max_size=60).map("".join)
PROMPTS = SYNTAX | st.text()
BREAK = WeightedText("", breaks=True)


def parsed(text: str, emphasis: Emphasis = Emphasis.ORIGINAL) -> list[tuple[str, float]]:
    return [(piece.text, round(piece.weight, 6)) for piece in parse_weights(text, emphasis)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a house", [("a house", 1.0)]),
        ("a (red) house", [("a ", 1.0), ("red", 1.1), (" house", 1.0)]),
        ("a [red] house", [("a ", 1.0), ("red", 0.909091), (" house", 1.0)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("(red: 1.3 )", [("red", 1.3)]),
        ("(red:-.5)", [("red", -0.5)]),
        ("(red:+2.)", [("red", 2.0)]),
        ("(red:0)", [("red", 0.0)]),
        ("((red))", [("red", 1.21)]),
        ("(([red]))", [("red", 1.1)]),
        ("(a (b:1.5) c:2)", [("a ", 2.0), ("b", 3.0), (" c", 2.0)]),
        ("(a [b:1.5) c]", [("a ", 1.5), ("b", 1.363636), (" c", 0.909091)]),
        ("([b)]", [("b", 1.0)]),
    ],
)
def test_brackets_weigh_what_they_enclose(text: str, expected: list[tuple[str, float]]) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\(literal\]", [("(literal]", 1.0)]),
        (r"a \\ b \[c\]", [("a \\ b [c]", 1.0)]),
        (r"(a\))", [("a)", 1.1)]),
        (r"a \m/ b\\", [("a \\m/ b\\", 1.0)]),
    ],
)
def test_escaped_brackets_are_letters(text: str, expected: list[tuple[str, float]]) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a) b] c", [("a) b] c", 1.0)]),
        ("a:1.3) b", [("a:1.3) b", 1.0)]),
        ("[x:1.3]", [("x:1.3", 0.909091)]),
        ("(x:1.2.3)", [("x:1.2.3", 1.1)]),
        ("(x:)", [("x:", 1.1)]),
        ("()[]", []),
        ("a (b", [("a ", 1.0), ("b", 1.1)]),
        ("a [b (c", [("a ", 1.0), ("b ", 0.909091), ("c", 1.0)]),
    ],
)
def test_what_makes_no_sense_as_syntax_is_text_and_unclosed_brackets_reach_to_the_end(
    text: str, expected: list[tuple[str, float]]
) -> None:
    assert parsed(text) == expected


def test_equal_neighbours_are_merged() -> None:
    assert parsed("(a)(b)c\\(d") == [("ab", 1.1), ("c(d", 1.0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a BREAK b", (WeightedText("a"), BREAK, WeightedText("b"))),
        ("BREAK\nBREAK a", (BREAK, BREAK, WeightedText("a"))),
        ("(a BREAK b:2)", (WeightedText("a", 2.0), BREAK, WeightedText("b", 2.0))),
        ("BREAKING break", (WeightedText("BREAKING break"),)),
    ],
)
def test_break_is_an_upper_case_word_that_eats_the_space_around_it(
    text: str, expected: tuple[WeightedText, ...]
) -> None:
    assert parse_weights(text) == expected


def test_ignoring_emphasis_reads_the_brackets_and_drops_the_weights() -> None:
    assert parsed("a (b:2) BREAK", Emphasis.IGNORE) == [("a ", 1.0), ("b", 1.0), ("", 1.0)]


def test_without_emphasis_everything_is_literal() -> None:
    assert parsed(r"(a:2) BREAK \(", Emphasis.NONE) == [(r"(a:2) BREAK \(", 1.0)]
    assert parsed("", Emphasis.NONE) == []


@pytest.mark.parametrize("text", ["(x:" + "9" * 400 + ")", "(" * 10_000 + "x", "(((x:1000):1000):1000)"])
def test_a_weight_beyond_bounds_is_held_at_them(text: str) -> None:
    (piece,) = parse_weights(text)
    assert 0.9 * LIMIT < piece.weight <= LIMIT


@pytest.mark.parametrize("unit", ["(a", "(a:1.5", "[", ":", " ", ":1", "BREAK ", "\\", "(a:9)"])
def test_a_long_prompt_takes_time_in_proportion(unit: str) -> None:
    started = time.process_time()
    parse_weights(unit * 20_000)
    assert time.process_time() - started < 5


@given(PROMPTS, st.sampled_from(Emphasis))
def test_any_text_parses_to_finite_weights_and_no_empty_piece(text: str, emphasis: Emphasis) -> None:
    for piece in parse_weights(text, emphasis):
        assert math.isfinite(piece.weight)
        assert bool(piece.text) != piece.breaks


@given(PROMPTS)
def test_what_is_read_is_the_prompt_in_its_order(text: str) -> None:
    remaining = iter(text)
    assert all(letter in remaining for piece in parse_weights(text) for letter in piece.text)


@given(st.text(alphabet="ab c", min_size=1), st.floats(-10, 10).map(lambda value: round(value, 3)))
def test_a_written_weight_is_read_back(text: str, weight: float) -> None:
    assert parse_weights(f"({text}:{weight:.3f})") == (WeightedText(text, weight),)
