"""How weighted pieces become chunks of 77 tokens."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.prompts import (
    CHUNK_LENGTH,
    Chunk,
    Emphasis,
    WeightedText,
    chunk,
    encode_plan,
    parse_weights,
    token_count,
)

START, END, PAD, COMMA = 1000, 1001, 1002, ord(",")


@dataclass(frozen=True)
class Letters:
    """Every letter but the space is a token."""

    start_id: int = START
    end_id: int = END
    pad_id: int = PAD
    comma_id: int | None = COMMA

    def encode(self, text: str) -> list[int]:
        return [ord(letter) for letter in text if not letter.isspace()]


def read(part: Chunk) -> str:
    return "".join(chr(token) for token in part.tokens if token not in (START, END, PAD))


def texts(prompt: str, backtrack: int = 20) -> list[str]:
    return [read(part) for part in encode_plan(prompt, Letters(), backtrack=backtrack)]


def test_an_empty_prompt_is_one_chunk_of_padding() -> None:
    assert chunk((), Letters()) == (Chunk((START, END, *[PAD] * 75), (1.0,) * 77),)


def test_weights_follow_their_tokens() -> None:
    (part,) = chunk((WeightedText("a b", 1.5), WeightedText("c", 0.5)), Letters())
    assert part.tokens[:5] == (START, ord("a"), ord("b"), ord("c"), END)
    assert part.weights[:5] == (1.0, 1.5, 1.5, 0.5, 1.0)


def test_a_full_chunk_is_not_followed_by_an_empty_one() -> None:
    assert texts("a" * 75) == ["a" * 75]
    assert texts("a" * 76) == ["a" * 75, "a"]


def test_text_after_a_near_comma_moves_to_the_next_chunk() -> None:
    assert texts("a" * 60 + "," + "b" * 20) == ["a" * 60 + ",", "b" * 20]
    assert texts("a" * 55 + "," + "b" * 20) == ["a" * 55 + ",", "b" * 20]


def test_text_after_a_far_comma_stays() -> None:
    assert texts("a" * 54 + "," + "b" * 25) == ["a" * 54 + "," + "b" * 20, "b" * 5]


def test_a_backtrack_of_nothing_never_moves_text() -> None:
    assert texts("a" * 70 + "," + "b" * 20, backtrack=0) == ["a" * 70 + "," + "b" * 4, "b" * 16]


def test_a_comma_that_does_not_fit_moves_nothing_but_itself() -> None:
    assert texts("a" * 70 + ",bbbb,cc") == ["a" * 70 + ",bbbb", ",cc"]


def test_break_fills_its_chunk() -> None:
    assert texts("ab BREAK cd") == ["ab", "cd"]
    assert texts("BREAK cd BREAK BREAK") == ["", "cd", ""]
    assert texts("a" * 75 + " BREAK b") == ["a" * 75, "b"]


def test_a_vocabulary_without_comma_splits_where_the_chunk_is_full() -> None:
    parts = chunk((WeightedText("a" * 70 + "," + "b" * 20),), Letters(comma_id=None))
    assert [read(part) for part in parts] == ["a" * 70 + ",bbbb", "b" * 16]


@pytest.mark.parametrize(
    ("prompt", "expected"), [("", 0), ("abc", 3), ("a" * 75, 75), ("a" * 80, 80), ("a BREAK bc", 77)]
)
def test_the_token_count_counts_chunks_before_the_last_as_full(prompt: str, expected: int) -> None:
    assert token_count(parse_weights(prompt), Letters()) == expected


@given(st.text(alphabet="ab,(:1)[] ", max_size=400), st.sampled_from(Emphasis), st.integers(0, 74))
def test_chunks_hold_every_token_in_order_and_none_is_longer_than_77(
    prompt: str, emphasis: Emphasis, backtrack: int
) -> None:
    pieces = parse_weights(prompt, emphasis)
    parts = chunk(pieces, Letters(), backtrack)
    assert "".join(map(read, parts)) == "".join(piece.text for piece in pieces).replace(" ", "")
    assert {(len(part.tokens), len(part.weights)) for part in parts} == {(CHUNK_LENGTH, CHUNK_LENGTH)}
