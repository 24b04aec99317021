"""Learns the tokenizer's merges from Flatland's own captions: `python -m tools.flatland.merging` appends new ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import regex

from tools.flatland.captions import captions, negative_prompt
from tools.flatland.draw_scene import sample_scene
from tools.flatland.tokenizer import MERGES, VOCABULARY_SIZE, WORDS, Merge, byte_letters, merges_text, read_merges

_CORPUS_SIZE = 20_000


def learn_merges(words: Iterable[str], count: int, known: Sequence[Merge] = ()) -> list[Merge]:
    """Returns `count` merges: the known ones, then the most frequent of adjacent pieces; ties go by alphabet."""
    counts = Counter(words)
    pieces = {word: [*word[:-1], word[-1] + "</w>"] for word in counts}
    merges = list(known)
    for pair in known:
        pieces = {word: _merge(parts, pair) for word, parts in pieces.items()}
    while len(merges) < count:
        pairs: Counter[Merge] = Counter()
        for word, parts in pieces.items():
            for pair in pairwise(parts):
                pairs[pair] += counts[word]
        if not pairs:
            break
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        pieces = {word: _merge(parts, merges[-1]) for word, parts in pieces.items()}
    return merges


def _merge(parts: Sequence[str], pair: Merge) -> list[str]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def corpus_merges(known: Sequence[Merge] = ()) -> list[Merge]:
    """Returns the known merges and those learnt after them from the first captions of the training set."""
    room = VOCABULARY_SIZE - 2 * len(byte_letters()) - 2
    texts = [text for seed in range(_CORPUS_SIZE) for text in captions(sample_scene(seed), seed)]
    texts += [negative_prompt(Random(seed)) for seed in range(1000)]
    return learn_merges((word for text in texts for word in regex.findall(WORDS, text.lower())), room, known)


def main() -> None:
    """Appends to the merges what the captions of today need."""
    MERGES.write_text(merges_text(corpus_merges(read_merges(MERGES))), encoding="utf-8")


if __name__ == "__main__":
    main()
