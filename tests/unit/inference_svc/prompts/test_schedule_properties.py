"""What holds for every prompt; and the schedule against an evaluator that walks a tree it made itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.prompts import Part, ScheduleFor, Segment, extra_networks, schedule
from inference_svc.prompts.brackets import lexemes

SYNTAX = st.lists(st.sampled_from([*"ab [](:|)\\.1\n", ":3]", "[a:", "[a|", " AND ", ":0.5]"]), max_size=40).map(
    "".join
)
PROMPTS = SYNTAX | st.text()
RUNS = st.builds(
    ScheduleFor,
    steps=st.integers(1, 12),
    evaluations_per_step=st.integers(1, 2),
    first_pass=st.none() | st.integers(1, 12),
    old_editing=st.booleans(),
    negative=st.booleans(),
)


@dataclass(frozen=True)
class Sequence:
    """Trees in a row."""

    items: tuple[Tree, ...]


@dataclass(frozen=True)
class Weight:
    """(tree:1.2) or, square, [tree]."""

    inside: Tree
    square: bool


@dataclass(frozen=True)
class Edited:
    """[before:after:step]."""

    before: Tree
    after: Tree
    step: int


@dataclass(frozen=True)
class Options:
    """[a|b]."""

    options: tuple[Tree, ...]


Tree: TypeAlias = "str | Sequence | Weight | Edited | Options"


def grown(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Trees of trees."""
    return (
        st.builds(Sequence, st.lists(trees, max_size=3).map(tuple))
        | st.builds(Weight, trees, st.booleans())
        | st.builds(Edited, trees, trees, st.integers(0, 12))
        | st.builds(Options, st.lists(trees, min_size=2, max_size=3).map(tuple))
    )


TREES: st.SearchStrategy[Tree] = st.recursive(st.text("ab ,", max_size=3), grown, max_leaves=12)


def written(tree: Tree) -> str:
    """The prompt that says so."""
    match tree:
        case str():
            return tree
        case Sequence(items):
            return "".join(map(written, items))
        case Weight(inside, square):
            return f"[{written(inside)}]" if square else f"({written(inside)}:1.2)"
        case Edited(before, after, step):
            return f"[{written(before)}:{written(after)}:{step}]"
        case Options(options):
            return "[" + "|".join(map(written, options)) + "]"


def meant(tree: Tree, step: int) -> str:
    """The text at a step, counted from 1."""
    match tree:
        case str():
            return tree
        case Sequence(items):
            return "".join(meant(item, step) for item in items)
        case Weight(inside, square):
            return f"[{meant(inside, step)}]" if square else f"({meant(inside, step)}:1.2)"
        case Edited(before, after, switch):
            return meant(before if step <= switch else after, step)
        case Options(options):
            return meant(options[(step - 1) % len(options)], step)


def at(part: Part, evaluation: int) -> str:
    """The text that holds at an evaluation, counted from 0."""
    return next(segment.text for segment in part.segments if evaluation <= segment.last_evaluation)


@given(TREES, st.integers(1, 12))
@settings(max_examples=150)
def test_at_every_step_the_text_is_what_substitution_gives(tree: Tree, steps: int) -> None:
    (part,) = schedule(written(tree), ScheduleFor(steps))
    # the first evaluation counts as step 1, as the second does
    assert [at(part, index) for index in range(steps)] == [meant(tree, max(index, 1)) for index in range(steps)]


@given(PROMPTS, RUNS)
def test_any_text_gives_segments_that_cover_every_evaluation_once(text: str, run: ScheduleFor) -> None:
    for part in schedule(text, run):
        ends = [segment.last_evaluation for segment in part.segments]
        assert ends == sorted(set(ends))
        assert ends[-1] == run.count


@given(PROMPTS, RUNS)
def test_neighbours_differ(text: str, run: ScheduleFor) -> None:
    for part in schedule(text, run):
        texts = [segment.text for segment in part.segments]
        assert all(text != following for text, following in pairwise(texts))


@given(st.text().filter(lambda text: not set(text) & set("[]:|<>") and "AND" not in text), RUNS)
def test_text_without_syntax_is_itself(text: str, run: ScheduleFor) -> None:
    assert schedule(text, run) == (Part(1.0, (Segment(run.count, text),)),)
    assert extra_networks(text) == (text, ())


@given(PROMPTS)
def test_lexemes_are_the_whole_text_in_order(text: str) -> None:
    assert "".join(source for _, source in lexemes(text)) == text
