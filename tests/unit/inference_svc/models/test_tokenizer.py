"""Text -> token ids, as CLIP's own tokenizer gives them."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from inference_svc.models import LoadedModel
from inference_svc.models.tokenizer import ClipTokenizer, read_tokenizer
from inference_svc.prompts import Tokenizer
from latentwire.errors import FailedPrecondition
from tests.unit.inference_svc.models.tiny import VOCABULARY, write_json

TEXTS = [
    "",
    "a red house under a starry sky",
    "A  RED\tHouse,\nunder — it's 123 o'clock!!",
    "café naïve 猫 🦊 ﬁ",
    "((masterpiece)), [best quality]:1.2 <lora:x:1>",
    "word " * 200,
    "<|endoftext|> literal <|startoftext|>",
]


def from_vocabulary(folder: Path, target: Path) -> ClipTokenizer:
    """The tokenizer of a folder that has no tokenizer.json."""
    for name in ("vocab.json", "merges.txt", "special_tokens_map.json"):
        (target / name).write_bytes((folder / "tokenizer" / name).read_bytes())
    return read_tokenizer(target)


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_both_kinds_of_files_tokenize_as_transformers_does(text: str, flatland_folder: Path, tmp_path: Path) -> None:
    oracle = CLIPTokenizer.from_pretrained(flatland_folder / "tokenizer")
    expected = oracle(text, add_special_tokens=False).input_ids
    assert read_tokenizer(flatland_folder / "tokenizer").encode(text) == expected
    assert from_vocabulary(flatland_folder, tmp_path).encode(text) == expected


@pytest.mark.parametrize("text", TEXTS)
def test_both_kinds_of_files_tokenize_alike(text: str, flatland_folder: Path, tmp_path: Path) -> None:
    ids = read_tokenizer(flatland_folder / "tokenizer").encode(text)
    assert from_vocabulary(flatland_folder, tmp_path).encode(text) == ids


def test_case_and_space_make_no_difference(flatland: LoadedModel) -> None:
    assert flatland.tokenizer.encode("a  RED\n house ") == flatland.tokenizer.encode("a red house")


def test_special_tokens_are_known_and_not_added(flatland: LoadedModel) -> None:
    tokenizer: Tokenizer = flatland.tokenizer
    assert tokenizer.encode(",") == [tokenizer.comma_id]
    assert tokenizer.encode("<|startoftext|><|endoftext|>") == [tokenizer.start_id, tokenizer.end_id]
    assert tokenizer.pad_id == tokenizer.end_id


@pytest.mark.parametrize("token", ["a</w>", {"content": "a</w>"}])
def test_the_padding_token_is_the_files_choice(tiny: Path, token: object) -> None:
    write_json(tiny / "tokenizer" / "tokenizer_config.json", {"pad_token": token})
    assert read_tokenizer(tiny / "tokenizer").pad_id == VOCABULARY["a</w>"]


def test_a_vocabulary_without_comma_has_none(tiny: Path) -> None:
    write_json(tiny / "tokenizer" / "vocab.json", {key: VOCABULARY[key] for key in VOCABULARY if key != ",</w>"})
    assert read_tokenizer(tiny / "tokenizer").comma_id is None


def test_a_padding_token_that_does_not_exist_is_named(tiny: Path) -> None:
    write_json(tiny / "tokenizer" / "special_tokens_map.json", {"pad_token": "!"})
    with pytest.raises(FailedPrecondition, match="the tokenizer's vocabulary lacks !"):
        read_tokenizer(tiny / "tokenizer")


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json", "tokenizer_config.json"])
def test_files_that_cannot_be_read_are_one_sentence(tiny: Path, name: str) -> None:
    (tiny / "tokenizer" / name).write_text("{")
    with pytest.raises(FailedPrecondition, match="holds no tokenizer that can be read"):
        read_tokenizer(tiny / "tokenizer")
