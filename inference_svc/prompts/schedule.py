"""Which text holds at which model evaluation."""

from __future__ import annotations

from dataclasses import dataclass


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


def schedule(text: str, evaluations: int) -> tuple[Part, ...]:
    """Returns what of a prompt holds when, over so many model evaluations.

    Prompt editing ([from:to:when]), alternation ([a|b]) and AND are plain text for now, so there is one part with one
    segment. Loop over what is returned all the same.
    """
    return (Part(1.0, (Segment(max(evaluations - 1, 0), text),)),)
