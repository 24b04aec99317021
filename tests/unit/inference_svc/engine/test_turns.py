"""Turns in a set proportion."""

from __future__ import annotations

import pytest

from inference_svc.engine.turns import Turns


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, [False, False, False, False]),
        (0.25, [False, False, False, True]),
        (0.5, [False, True, False, True]),
        (1.0, [True, True, True, True]),
    ],
)
def test_turns_come_in_the_share_that_was_set(share: float, expected: list[bool]) -> None:
    turns = Turns(share)
    assert [turns.next() for _ in range(4)] == expected
