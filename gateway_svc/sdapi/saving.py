"""Pictures kept in the data folder, where a request asks for it. Blocking: run it in a thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from latentwire.errors import InvalidArgument

_NUMBER: Final = re.compile(r"(\d+)-")
_SUFFIXES: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}


def folder_of(data_dir: Path, option: str, directory: str) -> Path:
    """Where pictures go: by day, in a folder below the data folder's `outputs`. Raises InvalidArgument for others."""
    outputs = (data_dir / "outputs").resolve()
    if "\0" in directory or not (folder := (outputs / directory).resolve()).is_relative_to(outputs):
        raise InvalidArgument.of(option, directory, "a folder below the data folder's outputs")
    return folder / datetime.now().strftime("%Y-%m-%d")


def make_ready(folder: Path) -> None:
    """Makes a folder, if need be, and makes sure that files can be written there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def save(folder: Path, kind: str, seeds: Sequence[int], files: Sequence[bytes]) -> list[Path]:
    """Writes `00012-<seed>.png` and so on, counting on from what is there; never over a file."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(found[1]) for path in folder.iterdir() if (found := _NUMBER.match(path.name))), default=-1)
    return [
        _write_new(folder, number + n, f"{seed}.{_SUFFIXES[kind]}", data)
        for n, (seed, data) in enumerate(zip(seeds, files, strict=True))
    ]


def _write_new(folder: Path, number: int, rest: str, data: bytes) -> Path:
    while True:
        path = folder / f"{number:05}-{rest}"
        try:
            with path.open("xb") as file:
                file.write(data)
            return path
        except FileExistsError:
            number += 1
