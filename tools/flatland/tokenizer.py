"""A byte-level BPE tokenizer in CLIP's format, of the merges in merges.txt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from tools.flatland.shape import TOKEN_COUNT

VOCABULARY_SIZE = 1200
MERGES = Path(__file__).with_name("merges.txt")
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""

Merge = tuple[str, str]


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each byte, in CLIP's vocabulary order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}
    return [letters[byte] for byte in (*printable, *hidden)]


@lru_cache(maxsize=1)
def vocabulary() -> tuple[dict[str, int], tuple[Merge, ...]]:
    """Returns token ids and merges. The merges are kept in a file, so that old ids keep their words."""
    letters = byte_letters()
    merges = read_merges(MERGES)
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(merge) for merge in merges), BEGIN, END]
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}, merges


def read_merges(path: Path) -> tuple[Merge, ...]:
    """Returns the merges of a file, in their order."""
    pairs = (line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return tuple((left, right) for left, right in pairs)


def merges_text(merges: Sequence[Merge]) -> str:
    """Returns merges as CLIP's merges.txt has them."""
    return "#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges)


def build_tokenizer() -> Tokenizer:
    """Returns the tokenizer as the `tokenizers` library knows it: lower case, begin and end tokens."""
    ids, merges = vocabulary()
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=list(merges), end_of_word_suffix="</w>", unk_token=END))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
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
    (folder / "merges.txt").write_text(merges_text(merges), encoding="utf-8")
    special = {"bos_token": BEGIN, "eos_token": END, "unk_token": END, "pad_token": END}
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        {**special, "tokenizer_class": "CLIPTokenizer", "model_max_length": TOKEN_COUNT, "do_lower_case": True},
    )
    build_tokenizer().save(str(folder / "tokenizer.json"))


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
