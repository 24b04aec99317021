"""From a prompt to its tree, by the grammar in prompt.lark. Import it late: it brings the parser library."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput
from lark.lexer import Lexer

from inference_svc.prompts.brackets import lexemes
from inference_svc.prompts.tree import Alternation, Edit, Node


def parse(text: str) -> Node | None:
    """Returns the tree of a prompt, of any depth; None for what is none: a bar that divides nothing, a lone "\\"."""
    try:
        return cast("Node", _parser().parse(text))  # what `_Build` makes
    except UnexpectedInput:
        return None


class _Lexemes(Lexer):
    def __init__(self, configuration: object) -> None: ...

    def lex(self, text: str) -> Iterator[Token]:  # type: ignore[override]  # what lark asks of a lexer of one's own
        return (Token(name, source) for name, source in lexemes(text))


class _Build(Transformer[Token, Node]):
    """Makes nodes as the parser reduces, from the leaves on: nothing here calls itself."""

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def sequence(self, children: list[Node]) -> Node:
        return children[0] if len(children) == 1 else tuple(children)

    def weight(self, children: list[Node]) -> Node:
        return tuple(children)

    def edit(self, children: list[Node]) -> Node:
        _, before, _, after, when = children
        return Edit(before, after, _number(when))

    def addition(self, children: list[Node]) -> Node:
        _, after, when = children
        return Edit("", after, _number(when))

    def alternation(self, children: list[Node]) -> Node:
        return Alternation(tuple(children[1:-1:2]))


def _number(when: Node) -> str:
    return str(when)[1:-1].strip()  # its colon and its bracket are in the token


@cache
def _parser() -> Lark:
    return Lark.open_from_package(
        __package__, "prompt.lark", parser="lalr", lexer=_Lexemes, transformer=_Build(), maybe_placeholders=False
    )
