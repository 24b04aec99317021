"""Which text holds when."""

from __future__ import annotations

import pytest

from inference_svc.prompts import Part, Segment, schedule


@pytest.mark.parametrize("text", ["", "a house", "[cat:dog:0.5]", "[cat|dog]", "a AND b"])
def test_a_prompt_is_one_text_that_holds_to_the_end(text: str) -> None:
    assert schedule(text, 20) == (Part(1.0, (Segment(19, text),)),)


def test_a_pass_without_evaluations_has_a_text_too() -> None:
    assert schedule("a", 0) == (Part(1.0, (Segment(0, "a"),)),)
