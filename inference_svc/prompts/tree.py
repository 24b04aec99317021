"""A prompt as a tree, and the text that it stands for at a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """[from:to:when]: `before` up to and with the step that `when` means, `after` from then on."""

    before: Node
    after: Node
    when: str


@dataclass(frozen=True, slots=True, eq=False)
class Alternation:
    """[a|b|c]: an option each step, in turn."""

    options: tuple[Node, ...]


Node: TypeAlias = "str | Edit | Alternation | tuple[Node, ...]"
"""Trees are as deep as prompts are: walk them with a stack, never by recursion."""


def walk(tree: Node) -> Iterator[Edit | Alternation]:
    """Yields every edit and alternation of a tree, in no order."""
    stack = [tree]
    while stack:
        match stack.pop():
            case Edit(before, after) as edit:
                yield edit
                stack += before, after
            case Alternation(options) as alternation:
                yield alternation
                stack += options
            case tuple(nodes):
                stack += nodes


def text_at(tree: Node, step: int, switch: Callable[[str], int]) -> str:
    """Returns the text at a step, counted from 1; `switch` tells the last step of what comes before `when`."""
    texts, stack = list[str](), [tree]
    while stack:
        match stack.pop():
            case str(text):
                texts.append(text)
            case Edit(before, after, when):
                stack.append(before if step <= switch(when) else after)
            case Alternation(options):
                stack.append(options[(step - 1) % len(options)])
            case nodes:
                stack += reversed(nodes)
    return "".join(texts)
