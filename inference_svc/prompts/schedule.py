"""Which text holds at which model evaluation: prompt editing, alternation and AND, as AUTOMATIC1111 reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from inference_svc.prompts.tree import Alternation, Node, text_at, walk
from inference_svc.prompts.weights import LIMIT
from latentwire.errors import InvalidArgument

MOST_PARTS = 32
"""Parts of one prompt that AND joins. Each is a model evaluation of its own, at every step."""

MOST_CHARACTERS = 1 << 20
"""Characters of one prompt in all its texts: what editing and alternation make of a few pages is not a few pages."""

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"\s*[+-]?(?:[0-9]+\.?|[0-9]*\.[0-9]+)\s*")


@dataclass(frozen=True, slots=True)
class Segment:
    """A text that holds up to and with evaluation `last_evaluation`, counted from 0; the last one holds to the end."""

    last_evaluation: int
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-prompt, its weight among those joined by AND, and its texts in the order of `last_evaluation`."""

    weight: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class ScheduleFor:
    """The pass that a prompt is read for.

    `steps`: those asked for, whatever of them is run. `evaluations_per_step`: 2 for A1111's second-order samplers,
    else 1. `first_pass`: in a second, larger pass the `count` of the first, else None. `old_editing`: as before A1111
    1.6. `negative`: AND is not read.
    """

    steps: int
    evaluations_per_step: int = 1
    first_pass: int | None = None
    old_editing: bool = False
    negative: bool = False

    @property
    def count(self) -> int:
        """What editing counts to: the old one knew the first pass only."""
        if self.old_editing and self.first_pass is not None:
            return self.first_pass
        return self.steps * self.evaluations_per_step

    def switch(self, when: str) -> int:
        """Returns the last step, counted from 1 to `count`, before an edit; 0: it is there from the start."""
        number = float(when)
        if self.old_editing:
            number = number * self.count if number < 1 else number
        elif "." in when:
            number = (number - (self.first_pass is not None)) * self.count
        else:
            number -= self.first_pass or 0
        return int(max(0.0, min(number, float(self.count))))


def schedule(text: str, run: ScheduleFor) -> tuple[Part, ...]:
    """Returns what of a prompt holds when: one part or, joined by AND, several.

    A part may end in its weight, ":1.5", also where there is only one. A text of [from:to:when] holds up to and with
    the evaluation of the number that `when` means, which A1111 counts from 1 and compares with what it counts from 0:
    so the first text holds once more than it says. What is malformed is text. Raises InvalidArgument for a prompt of
    more than MOST_PARTS, or of more than MOST_CHARACTERS in all.
    """
    parts = [(1.0, text)] if run.negative else [_weighted(part) for part in _AND.split(text)]
    if len(parts) > MOST_PARTS:
        raise InvalidArgument.of("prompt", f"{len(parts)} parts", f"at most {MOST_PARTS} joined by AND")
    return tuple(Part(weight, tuple(_segments(part, run))) for weight, part in parts)


def part_count(text: str) -> int:
    """Returns how many parts AND makes of a prompt."""
    return len(_AND.findall(text)) + 1


def _weighted(part: str) -> tuple[float, str]:
    text, colon, number = part.rpartition(":")
    if colon and _WEIGHT.fullmatch(number):
        return max(-LIMIT, min(float(number), LIMIT)), text.rstrip()
    return 1.0, part


def _segments(text: str, run: ScheduleFor) -> Iterator[Segment]:
    """The texts, equal neighbours as one."""
    tree, switch = _tree(text), cache(run.switch)
    ends = [run.count] if isinstance(tree, str) else _ends(tree, run)
    if len(ends) * len(text) > MOST_CHARACTERS:
        raise InvalidArgument.of("prompt", f"{len(ends)} texts of {len(text)} characters", f"{MOST_CHARACTERS} in all")
    held = text_at(tree, ends[0], switch)
    for end, following in pairwise(ends):
        text = text_at(tree, following, switch)
        if text != held:
            yield Segment(end, held)
            held = text
    yield Segment(run.count, held)


def _tree(text: str) -> Node:
    if "[" not in text:
        return text
    from inference_svc.prompts.grammar import parse  # takes a tenth of a second, once

    tree = parse(text)
    return text if tree is None else tree


def _ends(tree: Node, run: ScheduleFor) -> list[int]:
    """The steps after which the text may be another, the last one with them."""
    nodes = list(walk(tree))
    if any(isinstance(node, Alternation) for node in nodes):
        return list(range(1, run.count + 1)) or [run.count]
    switches = {run.switch(node.when) for node in nodes if not isinstance(node, Alternation)}
    return sorted({run.count, *switches - {0}})
