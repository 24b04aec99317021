"""Where finished pictures go: files of a folder, none of which is ever overwritten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_LONGEST_NAME = 60
_LONGEST_BYTES = 180  # a file's name may have 255, and more follows
_EXTENSIONS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
"""Formats by the ending of a file's name."""


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Names after the prompt and the seed in a folder; or after a file that the user has named."""

    folder: Path
    stem: str
    with_seed: bool

    @classmethod
    def at(cls, out: Path, prompt: str) -> PictureFiles:
        """Files where `--out` says: in that folder, or, where it ends as pictures do, at that name."""
        if out.suffix.lower() in FORMATS:
            return cls(out.parent, out.stem, with_seed=False)
        return cls(out, _words_of(prompt), with_seed=True)

    def write(self, data: bytes, *, seed: int, format: str) -> Path:
        """Writes a picture under the first name that is free, and returns its path. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self._names(seed, _EXTENSIONS.get(format, f".{format}")):
            if _created(path, data):
                return path
        raise AssertionError  # for the type checker: names have no end

    def _names(self, seed: int, extension: str) -> Iterator[Path]:
        stem = f"{self.stem}-{seed}" if self.with_seed else self.stem
        yield self.folder / f"{stem}{extension}"
        for number in count(2):
            yield self.folder / f"{stem}-{number}{extension}"


def _words_of(prompt: str) -> str:
    """What a file may be called after a prompt: its words, joined by hyphens."""
    words = "-".join(re.findall(r"\w+", prompt.lower()))[:_LONGEST_NAME]
    return words.encode()[:_LONGEST_BYTES].decode(errors="ignore").rstrip("-") or "picture"


def _created(path: Path, data: bytes) -> bool:
    """Whether the file was made; False where there is one. What can't be written whole is taken away again."""
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(data)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True
