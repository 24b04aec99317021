"""What is no word in a prompt."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.prompts import Network, extra_networks, not_found
from inference_svc.prompts.weights import LIMIT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<lora:ink>", Network("lora", "ink")),
        ("<lora:ink:0.5>", Network("lora", "ink", 0.5, 0.5)),
        ("<lora:ink:0.5:2>", Network("lora", "ink", 0.5, 2.0)),
        ("<lora:ink:0.5:2:8>", Network("lora", "ink", 0.5, 2.0, 8)),
        ("<lora:ink:unet=0.2>", Network("lora", "ink", 1.0, 0.2)),
        ("<lora:ink:te=0.2:dyn=4>", Network("lora", "ink", 0.2, 0.2, 4)),
        ("<lyco:ink:1>", Network("lora", "ink")),
        ("<hypernet:old ink:0.3>", Network("hypernet", "old ink", 0.3, 0.3)),
        ("<lora:ink:much:>", Network("lora", "ink")),
        ("<lora:ink:nan:inf>", Network("lora", "ink", 1.0, LIMIT)),
        ("<lora:a<b:2>", Network("lora", "a<b", 2.0, 2.0)),
        ("<lora::2>", Network("lora", "", 2.0, 2.0)),
    ],
)
def test_a_network_says_its_type_its_name_and_its_strength(text: str, expected: Network) -> None:
    assert extra_networks(text) == ("", (expected,))


@pytest.mark.parametrize("text", ["a < b > c", "<lora>", "<lora:>", "<:x>", "<lora:x", "lora:x>", "<a b:c>"])
def test_other_angle_brackets_are_words(text: str) -> None:
    assert extra_networks(text) == (text, ())


def test_networks_leave_the_rest_of_the_prompt_as_it_is() -> None:
    text, networks = extra_networks("a <lora:x:1> b<hypernet:y>, <c")
    assert text == "a  b, <c"
    assert [network.name for network in networks] == ["x", "y"]


def test_what_is_not_there_is_said_once() -> None:
    _, networks = extra_networks("<lora:x> <lora:x:2> <lyco:y> <lora:z> <hypernet:h> <foo:a> <foo:b>")
    assert list(not_found(networks, [("lora", "z")])) == [
        "Lora not found: x",
        "Lora not found: y",
        "Hypernetwork not found: h",
        "Unknown extra network: foo",
    ]


@pytest.mark.parametrize("length", [128, 129])
def test_no_more_than_the_first_letters_of_a_long_name_are_said(length: int) -> None:
    (sentence,) = not_found(extra_networks(f"<lora:{'x' * length}>")[1])
    assert sentence == "Lora not found: " + "x" * 128 + "…" * (length - 128)


@pytest.mark.parametrize("unit", ["<a:", "<", "<a", ">", "<a:>", "<a:b>"])
def test_long_prompts_of_angle_brackets_are_read(unit: str) -> None:
    text, networks = extra_networks(unit * 20_000)
    assert (text, len(networks)) == (("", 20_000) if unit == "<a:b>" else (unit * 20_000, 0))


@given(st.lists(st.sampled_from([*"<>:=ab1. ", "<lora:", "te=", "dyn=", "nan", "1e999"]), max_size=30).map("".join))
def test_any_text_gives_finite_strengths(text: str) -> None:
    assert all(math.isfinite(network.te + network.unet) for network in extra_networks(text)[1])
