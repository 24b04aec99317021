"""Pieces of a prompt -> chunks of 77 tokens, as a CLIP text encoder takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inference_svc.prompts.emphasis import Emphasis
from inference_svc.prompts.weights import WeightedText, parse_weights

CHUNK_LENGTH = 77
"""Tokens of a chunk, start and end token with them."""

ROOM = CHUNK_LENGTH - 2
"""Tokens of text that a chunk has room for."""


class Tokenizer(Protocol):
    """Text -> token ids, and the ids that mean something by themselves."""

    @property
    def start_id(self) -> int:
        """Begins every chunk."""
        ...

    @property
    def end_id(self) -> int:
        """Ends the text of every chunk."""
        ...

    @property
    def pad_id(self) -> int:
        """Fills a chunk after its end token. SD1: the end token again."""
        ...

    @property
    def comma_id(self) -> int | None:
        """A comma that ends a word; None: the vocabulary has none."""
        ...

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, without start and end token, uncut."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """What the text encoder takes at once: 77 ids, and the weight of each, 1 for start, end and padding."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(slots=True)
class _Filling:
    tokens: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    last_comma: int | None = None

    def append(self, token: int, weight: float, *, comma: bool) -> None:
        if comma:
            self.last_comma = len(self.tokens)
        self.tokens.append(token)
        self.weights.append(weight)

    def overflow(self, backtrack: int) -> _Filling:
        """Takes away what belongs into the next chunk now that this one is full."""
        if self.last_comma is None or len(self.tokens) - self.last_comma > backtrack:
            return _Filling()
        cut = self.last_comma + 1
        moved = _Filling(self.tokens[cut:], self.weights[cut:])
        del self.tokens[cut:], self.weights[cut:]
        return moved


def encode_plan(
    text: str, tokenizer: Tokenizer, emphasis: Emphasis = Emphasis.ORIGINAL, backtrack: int = 20
) -> tuple[Chunk, ...]:
    """Returns what to encode for a text: `chunk(parse_weights(...), ...)`."""
    return chunk(parse_weights(text, emphasis), tokenizer, backtrack)


def chunk(pieces: Sequence[WeightedText], tokenizer: Tokenizer, backtrack: int = 20) -> tuple[Chunk, ...]:
    """Returns the chunks of a prompt, at least one, each of 77 tokens with their weights.

    A BREAK ends its chunk. When a chunk is full and text goes on, what follows its last comma moves to the next chunk
    if that comma is at most `backtrack` tokens back (0: never), except before a comma.
    """
    return tuple(_closed(filling, tokenizer) for filling in _fill(pieces, tokenizer, backtrack))


def token_count(pieces: Sequence[WeightedText], tokenizer: Tokenizer, backtrack: int = 20) -> int:
    """Returns the tokens of text that a prompt takes up, chunks before the last counted as full."""
    *full, last = _fill(pieces, tokenizer, backtrack)
    return ROOM * len(full) + len(last.tokens)


def _fill(pieces: Iterable[WeightedText], tokenizer: Tokenizer, backtrack: int) -> list[_Filling]:
    done: list[_Filling] = []
    filling = _Filling()
    for token, weight in _tokens(pieces, tokenizer):
        comma = token is not None and token == tokenizer.comma_id
        if token is None or len(filling.tokens) == ROOM:
            done.append(filling)
            filling = _Filling() if token is None or comma else filling.overflow(backtrack)
        if token is not None:
            filling.append(token, weight, comma=comma)
    return [*done, filling] if filling.tokens or not done else done


def _tokens(pieces: Iterable[WeightedText], tokenizer: Tokenizer) -> Iterator[tuple[int | None, float]]:
    for piece in pieces:
        if piece.breaks:
            yield None, piece.weight
        else:
            yield from ((token, piece.weight) for token in tokenizer.encode(piece.text))


def _closed(filling: _Filling, tokenizer: Tokenizer) -> Chunk:
    padding = ROOM - len(filling.tokens)
    tokens = (tokenizer.start_id, *filling.tokens, tokenizer.end_id, *([tokenizer.pad_id] * padding))
    return Chunk(tokens, (1.0, *filling.weights, 1.0, *([1.0] * padding)))
