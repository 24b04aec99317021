"""CLIP's tokenizer: byte-level BPE over lower-case text, by the `tokenizers` library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers

from inference_svc.models.folder import unusable
from latentwire.errors import FailedPrecondition

_START, _END, _WORD_END = "<|startoftext|>", "<|endoftext|>", "</w>"
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class ClipTokenizer:
    """Text -> ids, without start and end token and uncut; the special ids beside it. Safe in several threads."""

    def __init__(self, tokenizer: Tokenizer, pad_token: str = _END) -> None:
        """Raises FailedPrecondition where the vocabulary lacks a special token."""
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.start_id = self._required(_START)
        self.end_id = self._required(_END)
        self.pad_id = self._required(pad_token)
        self.comma_id: int | None = tokenizer.token_to_id("," + _WORD_END)

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the words of ids that were learnt from plain text, in lower case."""
        pieces = "".join(self._tokenizer.id_to_token(number) or "" for number in ids)
        return pieces.replace(_WORD_END, " ").replace(" ,", ",").strip()

    def _required(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise unusable(f"the tokenizer's vocabulary lacks {token}")
        return int(number)


def read_tokenizer(folder: Path) -> ClipTokenizer:
    """Returns the tokenizer of a `tokenizer` folder: of tokenizer.json, else of vocab.json and merges.txt.

    Raises FailedPrecondition where they can't be read.
    """
    try:
        return ClipTokenizer(_from_json(folder) or _from_vocabulary(folder), _pad_token(folder))
    except FailedPrecondition:
        raise
    except Exception as error:
        raise unusable(f"{folder} holds no tokenizer that can be read: {error}") from error


def _from_json(folder: Path) -> Tokenizer | None:
    path = folder / "tokenizer.json"
    return Tokenizer.from_file(str(path)) if path.is_file() else None


def _from_vocabulary(folder: Path) -> Tokenizer:
    bpe = BPE.from_file(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        unk_token=_END,
        end_of_word_suffix=_WORD_END,
    )
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = Normalizers([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    words = Split(Regex(_WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = PreTokenizers([words, ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens([AddedToken(_START, special=True), AddedToken(_END, special=True)])
    return tokenizer


def _pad_token(folder: Path) -> str:
    """SD1 pads with the end token, SD2 with "!"; the files say it as a string or as an object."""
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        path = folder / name
        token: Any = json.loads(path.read_text(encoding="utf-8")).get("pad_token") if path.is_file() else None
        if token:
            return str(token["content"] if isinstance(token, dict) else token)
    return _END
