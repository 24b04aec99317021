from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentwire import infotext

PAIRS = (("Steps", 20), ("Sampler", "DPM++ 2M"), ("Schedule type", "Karras"), ("CFG scale", 7.0), ("Size", "512x640"))


def test_a_text_is_prompt_negative_prompt_and_pairs_in_order() -> None:
    assert infotext.write("a house", "rain", PAIRS) == (
        "a house\nNegative prompt: rain\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.0, Size: 512x640"
    )


def test_an_empty_negative_prompt_and_a_missing_value_leave_no_trace() -> None:
    assert infotext.write("a", "", [("Steps", 4), ("VAE", None), ("Seed", 1)]) == "a\nSteps: 4, Seed: 1"


def test_an_empty_prompt_leaves_only_the_pairs() -> None:
    assert infotext.write("", "", [("Steps", 4), ("Seed", 1)]) == "Steps: 4, Seed: 1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("a, b", '"a, b"'),
        ("name: 12ab", '"name: 12ab"'),
        ("two\nlines", '"two\\nlines"'),
        ('"quoted"', '"\\"quoted\\""'),
        ("Größe, äh", '"Größe, äh"'),
        (True, "True"),
    ],
)
def test_a_value_is_quoted_where_it_would_be_misread(value: object, text: str) -> None:
    assert infotext.quote(value) == text


def test_sizes_are_read_as_two_numbers() -> None:
    parsed = infotext.parse(infotext.write("a house", "rain", PAIRS))
    assert parsed == {
        "Prompt": "a house",
        "Negative prompt": "rain",
        "Steps": "20",
        "Sampler": "DPM++ 2M",
        "Schedule type": "Karras",
        "CFG scale": "7.0",
        "Size-1": "512",
        "Size-2": "640",
    }


def test_a_last_line_with_fewer_than_three_pairs_is_prompt() -> None:
    assert infotext.parse("a house\nby day: yes, by night: no")["Prompt"] == "a house\nby day: yes, by night: no"


def test_every_line_after_the_negative_prompt_begins_belongs_to_it() -> None:
    parsed = infotext.parse("one\ntwo\nNegative prompt: three\nfour\nSteps: 1, Seed: 2, Model: m")
    assert (parsed["Prompt"], parsed["Negative prompt"]) == ("one\ntwo", "three\nfour")


def test_a_broken_quotation_is_kept_as_it_stands() -> None:
    assert infotext.parse('a\nSteps: 1, Seed: 2, Note: "\\x"')["Note"] == '"\\x"'


def test_words_before_a_key_do_not_hide_it() -> None:
    assert infotext.parse("!Steps: 1, (Seed: 2, --Model: m")["Seed"] == "2"


def test_missing_pairs_mean_the_defaults() -> None:
    full = infotext.complete(infotext.parse("a (red) house\nSteps: 1, Seed: 2, Clip skip: 2"))
    assert (full["Clip skip"], full["RNG"], full["Emphasis"]) == ("2", "GPU", "Original")
    assert "Emphasis" not in infotext.complete(infotext.parse("a house"))


def test_a_long_line_without_pairs_is_read_in_linear_time() -> None:
    began = time.process_time()
    infotext.parse("a " * 100_000 + '\n"' * 1000 + "word " * 100_000)
    assert time.process_time() - began < 1


_keys = st.from_regex(r"[A-Za-z][A-Za-z0-9 /-]{0,12}[A-Za-z]", fullmatch=True)
_values = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(
    lambda text: infotext._SIZE.fullmatch(text) is None
)
_lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), max_size=40).filter(
    lambda line: not line.startswith(infotext.NEGATIVE)
)


@given(_lines, _lines, st.dictionaries(_keys, _values, min_size=3, max_size=8))
def test_what_is_written_is_read_back(prompt: str, negative: str, pairs: dict[str, str]) -> None:
    parsed = infotext.parse(infotext.write(prompt, negative, list(pairs.items())))
    assert parsed == {"Prompt": prompt, "Negative prompt": negative, **pairs}


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert {"Prompt", "Negative prompt"} <= infotext.complete(infotext.parse(text)).keys()
