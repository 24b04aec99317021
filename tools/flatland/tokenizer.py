"""A byte-level BPE tokenizer in CLIP's format, learnt from Flatland's own captions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random

import regex
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from tools.flatland.captions import captions, negative_prompt
from tools.flatland.draw_scene import sample_scene
from tools.flatland.shape import TOKEN_COUNT

VOCABULARY_SIZE = 1200
MERGES = Path(__file__).with_name("merges.txt")
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
CORPUS_SIZE = 20_000
_WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""

Merge = tuple[str, str]


def _byte_letters() -> list[str]:
    """GPT-2's printable letter for each byte, in CLIP's vocabulary order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}
    return [letters[byte] for byte in (*printable, *hidden)]


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
    room = VOCABULARY_SIZE - 2 * len(_byte_letters()) - 2
    texts = [text for seed in range(CORPUS_SIZE) for text in captions(sample_scene(seed), seed)]
    texts += [negative_prompt(Random(seed)) for seed in range(1000)]
    return learn_merges((word for text in texts for word in regex.findall(_WORDS, text.lower())), room, known)


@lru_cache(maxsize=1)
def vocabulary() -> tuple[dict[str, int], tuple[Merge, ...]]:
    """Returns token ids and merges. The merges are kept in a file, so that old ids keep their words."""
    letters = _byte_letters()
    merges = read_merges(MERGES)
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(merge) for merge in merges), BEGIN, END]
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}, merges


def read_merges(path: Path) -> tuple[Merge, ...]:
    """Returns the merges of a file, in their order."""
    pairs = (line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return tuple((left, right) for left, right in pairs)


def _merges_text(merges: Sequence[Merge]) -> str:
    return "#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges)


def build_tokenizer() -> Tokenizer:
    """Returns the tokenizer as the `tokenizers` library knows it: lower case, begin and end tokens."""
    ids, merges = vocabulary()
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=list(merges), end_of_word_suffix="</w>", unk_token=END))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        (END, ids[END]), (BEGIN, ids[BEGIN]), trim_offsets=False, add_prefix_space=False
    )
    tokenizer.add_special_tokens([AddedToken(BEGIN, special=True), AddedToken(END, special=True)])
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Returns 77 ids a text, cut and padded with the end token."""
    end = tokenizer.get_vocab()[END]
    rows = [tokenizer.encode(text).ids[: TOKEN_COUNT - 1] for text in texts]
    return [[*row, *[end] * (TOKEN_COUNT - len(row))] for row in rows]


def save_tokenizer(folder: Path) -> None:
    """Writes the files that transformers' CLIPTokenizer and the `tokenizers` library load."""
    folder.mkdir(parents=True, exist_ok=True)
    ids, merges = vocabulary()
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    (folder / "merges.txt").write_text(_merges_text(merges), encoding="utf-8")
    special = {"bos_token": BEGIN, "eos_token": END, "unk_token": END, "pad_token": END}
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        {**special, "tokenizer_class": "CLIPTokenizer", "model_max_length": TOKEN_COUNT, "do_lower_case": True},
    )
    build_tokenizer().save(str(folder / "tokenizer.json"))


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Appends to the merges what the captions of today need."""
    MERGES.write_text(_merges_text(corpus_merges(read_merges(MERGES))), encoding="utf-8")


if __name__ == "__main__":
    main()
