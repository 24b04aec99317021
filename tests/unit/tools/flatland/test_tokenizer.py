from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import CLIPTokenizer

from tools.flatland.merging import learn_merges
from tools.flatland.shape import TOKEN_COUNT
from tools.flatland.tokenizer import END, VOCABULARY_SIZE, build_tokenizer, encode, save_tokenizer

TEXTS = (
    "a red house under a starry night sky",
    "A Big GREEN Tree, on a White background!",
    "it's 3 o'clock -- (masterpiece:1.2), {best} [quality]",
    "  spaces   and\ttabs\nand lines ",
    "naïve café, über-straße, 猫 🙂",
    "",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(path)
    return path


@pytest.mark.parametrize("text", TEXTS)
def test_both_libraries_give_the_same_ids(folder: Path, text: str) -> None:
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    clip = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    loaded = CLIPTokenizer.from_pretrained(folder)
    assert plain.encode(text).ids == clip(text).input_ids == loaded(text).input_ids


def test_a_row_has_77_ids_padded_with_the_end_token(folder: Path) -> None:
    clip = CLIPTokenizer.from_pretrained(folder)
    padded = clip(list(TEXTS), padding="max_length", truncation=True, max_length=TOKEN_COUNT).input_ids
    assert encode(build_tokenizer(), TEXTS) == padded
    assert {len(row) for row in padded} == {TOKEN_COUNT}


def test_a_long_text_is_cut_and_still_ends(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    row = encode(tokenizer, ["red " * 200])[0]
    assert len(row) == TOKEN_COUNT
    assert row[-1] == tokenizer.token_to_id(END)


def test_case_does_not_matter() -> None:
    tokenizer = build_tokenizer()
    assert tokenizer.encode("A RED House").ids == tokenizer.encode("a red house").ids


def test_common_words_are_one_token_each() -> None:
    tokenizer = build_tokenizer()
    assert len(tokenizer.encode("a red house under a starry night sky").ids) == 8 + 2


def test_the_vocabulary_is_small_and_begins_and_ends_as_clip_expects(folder: Path) -> None:
    ids = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    assert sorted(ids.values()) == list(range(len(ids)))
    assert len(ids) <= VOCABULARY_SIZE
    assert (ids["<|startoftext|>"], ids["<|endoftext|>"]) == (len(ids) - 2, len(ids) - 1)


def test_the_most_frequent_pair_is_merged_first() -> None:
    assert learn_merges(["aab", "aab", "ab"], 2) == [("a", "b</w>"), ("a", "ab</w>")]
