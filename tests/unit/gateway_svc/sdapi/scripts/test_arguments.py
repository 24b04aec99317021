from __future__ import annotations

from typing import Any

import pytest

from gateway_svc.sdapi.scripts.arguments import Argument, read
from latentwire.errors import InvalidArgument

DECLARED = (
    Argument("Flag", value=False),
    Argument("Count", 4, 1, 32, 1, most=100),
    Argument("Share", 0.5, 0, 1, 0.1),
    Argument("Text", ""),
    Argument("Kind", "Linear", choices=("Linear", "Lazy"), by_index=True),
    Argument("Sides", ("left",), choices=("left", "right")),
    Argument("Names", (), choices=(), open=True),
)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ([], (False, 4, 0.5, "", "Linear", ("left",), ())),
        ([None] * 9, (False, 4, 0.5, "", "Linear", ("left",), ())),
        (["true", "5", "1", 7, "LAZY", "Right", "any"], (True, 5, 1.0, "7", "Lazy", ("right",), ("any",))),
        (
            [1, 99.9, 0, "a", 1, ["right", "LEFT"], ["a", "b"]],
            (True, 99, 0.0, "a", "Lazy", ("right", "left"), ("a", "b")),
        ),
        ([True, 1, 1, "", 0, [], []], (True, 1, 1.0, "", "Linear", (), ())),
        ([False, 2, 1, "", "Lazy", [], [], "one too many"], (False, 2, 1.0, "", "Lazy", (), ())),
    ],
)
def test_values_are_read_as_they_are_declared(given: list[Any], values: tuple[Any, ...]) -> None:
    assert read(DECLARED, given) == values


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (0, "perhaps", "Flag: 'perhaps' is not allowed; allowed: true or false"),
        (1, 0, "Count: 0 is not allowed; allowed: 1 to 100"),
        (1, 101, "Count: 101 is not allowed; allowed: 1 to 100"),
        (1, "many", "Count: 'many' is not allowed; allowed: a whole number"),
        (2, 1.5, "Share: 1.5 is not allowed; allowed: 0 to 1"),
        (2, {}, "Share: {} is not allowed; allowed: a number"),
        (3, [], "Text: [] is not allowed; allowed: text"),
        (4, 2, "Kind: 2 is not allowed; allowed: 0 to 1"),
        (4, True, "Kind: True is not allowed; allowed: Linear, Lazy"),
        (5, ["up"], "Sides: ['up'] is not allowed; allowed: left, right"),
        (5, 5.5, "Sides: 5.5 is not allowed; allowed: left, right"),
        (6, [{}], "Names: [{}] is not allowed; allowed: a list of texts"),
    ],
)
def test_a_wrong_value_names_its_argument(place: int, value: object, said: str) -> None:
    given = [*[None] * place, value]
    with pytest.raises(InvalidArgument) as caught:
        read(DECLARED, given, "args")
    assert [(each.field, each.description) for each in caught.value.violations] == [(f"args[{place}]", said)]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(DECLARED, ["x", 0, 2])
    assert [each.field for each in caught.value.violations] == ["script_args[0]", "script_args[1]", "script_args[2]"]


def test_an_argument_is_listed_with_what_a_page_needs() -> None:
    found = DECLARED[5].listed()
    assert (found["label"], found["value"], found["choices"]) == ("Sides", ["left"], ["left", "right"])
    assert (found["minimum"], found["maximum"], found["step"]) == (None, None, None)
