"""Which text holds when."""

from __future__ import annotations

import pytest

from inference_svc.prompts import MOST_PARTS, Part, ScheduleFor, Segment, part_count, schedule
from inference_svc.prompts.schedule import MOST_CHARACTERS
from inference_svc.prompts.weights import LIMIT
from latentwire.errors import InvalidArgument

TEN = ScheduleFor(10)


def texts(text: str, run: ScheduleFor = TEN) -> list[tuple[int, str]]:
    """The segments of a prompt of one part."""
    (part,) = schedule(text, run)
    return [(segment.last_evaluation, segment.text) for segment in part.segments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a [b:c:0.5] d", [(5, "a b d"), (10, "a c d")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b::3]", [(3, "a b"), (10, "a ")]),
        ("[:b:3]", [(3, ""), (10, "b")]),
        ("[ b : c : 3 ]", [(3, " b "), (10, " c ")]),
        ("[b:3:5]", [(5, "b"), (10, "3")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("[[a:b:7]:[c:d:3]:5]", [(5, "a"), (10, "d")]),
        ("[a:b:2][c:d:5]", [(2, "ac"), (5, "bc"), (10, "bd")]),
        ("[b:c:1e0]", [(1, "b"), (10, "c")]),
    ],
)
def test_an_edit_puts_one_text_in_the_place_of_another(text: str, expected: list[tuple[int, str]]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("when", "last"),
    [("3", 3), ("0.35", 3), ("1.0", 10), ("1", 1), ("99", 10), ("5.", 10), (".5", 5), ("+4", 4), ("9" * 400, 10)],
)
def test_a_number_with_a_point_is_a_fraction_of_the_steps_and_one_without_is_a_step(when: str, last: int) -> None:
    assert texts(f"[a:b:{when}]") == [(last, "a"), (10, "b")][: 1 if last == 10 else 2]


@pytest.mark.parametrize("when", ["0", "0.0", "0.05", "-3", "-0.5"])
def test_what_switches_before_the_first_step_is_there_from_the_start(when: str) -> None:
    assert texts(f"[a:b:{when}]") == [(10, "b")]


def test_second_order_samplers_count_two_evaluations_a_step() -> None:
    assert texts("[a:b:0.5] [c:3]", ScheduleFor(10, 2)) == [(3, "a "), (10, "a c"), (20, "b c")]


@pytest.mark.parametrize(
    ("when", "first", "second"),
    [
        ("0.5", (5, "a"), (4, "b")),
        ("1.5", (10, "a"), (2, "a")),
        ("2.0", (10, "a"), (4, "a")),
        ("7", (7, "a"), (4, "b")),
        ("10", (10, "a"), (4, "b")),
        ("12", (10, "a"), (2, "a")),
    ],
)
def test_the_second_pass_goes_on_counting_where_the_first_ended(
    when: str, first: tuple[int, str], second: tuple[int, str]
) -> None:
    assert texts(f"[a:b:{when}]")[0] == first
    assert texts(f"[a:b:{when}]", ScheduleFor(4, first_pass=10))[0] == second


def test_old_editing_takes_what_is_below_one_for_a_fraction_and_the_same_in_every_pass() -> None:
    for run in (ScheduleFor(10, old_editing=True), ScheduleFor(4, first_pass=10, old_editing=True)):
        assert texts("[a:b:0.5] [c:2.0] [d:7]", run) == [(2, "a  "), (5, "a c "), (7, "b c "), (10, "b c d")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a|b]", [(1, "a"), (2, "b"), (3, "a"), (4, "b")]),
        ("[a||b]", [(1, "a"), (2, ""), (3, "b"), (4, "a")]),
        ("[fe|]male", [(1, "female"), (2, "male"), (3, "female"), (4, "male")]),
        ("[a|a]", [(4, "a")]),
        ("[a|b|[c|d]]", [(1, "a"), (2, "b"), (3, "c"), (4, "a")]),
        ("[[a|b]:c:2]", [(1, "a"), (2, "b"), (4, "c")]),
        ("[a:b:2|c]", [(4, "[a:b:2|c]")]),
    ],
)
def test_alternation_takes_the_next_option_each_step(text: str, expected: list[tuple[int, str]]) -> None:
    assert texts(text, ScheduleFor(4)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a:1.3) [b] [[c]]", [(10, "(a:1.3) [b] [[c]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("[(a|b)|c]", [(10, "[(a|b)|c]")]),
        ("([a:b:3]:1.2)", [(3, "(a:1.2)"), (10, "(b:1.2)")]),
        ("[x:1.3]", [(10, "")]),
        (r"\[a:b:3\] [c\::3]", [(3, r"\[a:b:3\] "), (10, r"\[a:b:3\] c\:")]),
        (r"[a\|b|c]", [(1, r"a\|b"), (2, "c"), (3, r"a\|b")]),
    ],
)
def test_weights_and_escapes_are_left_for_later(text: str, expected: list[tuple[int, str]]) -> None:
    assert texts(text)[:3] == expected


@pytest.mark.parametrize(
    "text",
    [
        "a | b [c:3]",
        "[c:3] \\",
        "[a|b:3]",
        "[a|b",
        "[a|(b] [c:3]",
        "a [b:c] d",
        "[a:b:c:3]",
        "[a:b:3)",
        "[x [a:b] y:3]",
    ],
)
def test_a_malformed_prompt_is_text(text: str) -> None:
    assert texts(text) == [(10, text)]


def test_what_is_well_formed_counts_beside_stray_brackets() -> None:
    assert texts("((a][:b:c [d:3] ]") == [(3, "((a][:b:c  ]"), (10, "((a][:b:c d ]")]
    assert texts("[b:c:[d:4]:5]") == [(4, "[b:c::5]"), (10, "[b:c:d:5]")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a AND b", [(1.0, "a "), (1.0, " b")]),
        ("a :1.5 AND b:-0.5", [(1.5, "a"), (-0.5, " b")]),
        ("a AND", [(1.0, "a "), (1.0, "")]),
        ("a ANDb band", [(1.0, "a ANDb band")]),
        ("a:2", [(2.0, "a")]),
        ("a: .5 ", [(0.5, "a")]),
        ("a:b", [(1.0, "a:b")]),
        ("(a:2)", [(1.0, "(a:2)")]),
        ("a:" + "9" * 400, [(LIMIT, "a")]),
    ],
)
def test_and_joins_parts_that_may_end_in_a_weight(text: str, expected: list[tuple[float, str]]) -> None:
    assert [(part.weight, part.segments[0].text) for part in schedule(text, TEN)] == expected


def test_each_part_is_edited_by_itself() -> None:
    assert schedule("[a:b:3] AND [c|d]:2", ScheduleFor(4)) == (
        Part(1.0, (Segment(3, "a "), Segment(4, "b "))),
        Part(2.0, (Segment(1, " c"), Segment(2, " d"), Segment(3, " c"), Segment(4, " d"))),
    )


def test_a_negative_prompt_has_one_part_and_no_weight() -> None:
    assert schedule("a AND [b:3]:2", ScheduleFor(10, negative=True)) == (
        Part(1.0, (Segment(3, "a AND :2"), Segment(10, "a AND b:2"))),
    )


def test_a_pass_without_steps_has_a_text_too() -> None:
    assert texts("[a|b] [c:3]", ScheduleFor(0))[-1][0] == 0


def test_parts_are_counted_without_being_read_and_too_many_are_refused() -> None:
    text = " AND ".join("a" * MOST_PARTS)
    assert part_count(text) == len(schedule(text, TEN)) == MOST_PARTS
    with pytest.raises(InvalidArgument, match=f"'{MOST_PARTS + 1} parts' is not allowed; allowed: at most"):
        schedule(text + " AND a", TEN)


def test_what_editing_makes_of_a_prompt_is_bounded() -> None:
    options = MOST_CHARACTERS // 10 - 4
    assert len(texts("[a|" + "b" * options + "]")) == 10
    with pytest.raises(InvalidArgument, match=f"allowed: {MOST_CHARACTERS} in all"):
        schedule("[a|" + "b" * (options + 1) + "]", TEN)
