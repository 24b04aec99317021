"""What identifies a model: SHA-256 of its weights, and of weights and configuration together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from inference_svc.models.folder import ModelFolder


@dataclass(frozen=True, slots=True)
class Digest:
    """`sha256`: of the weights. `digest`: of weights, configuration and tokenizer. Both in hex."""

    sha256: str
    digest: str


class Digests:
    """Digests of folders; a file is read again only when its size or modification time has changed.

    Takes seconds for gigabytes: never call it on the device thread. Safe to call from several threads.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int, int], str] = {}

    def of(self, folder: ModelFolder) -> Digest:
        """Returns the digests of a folder. Raises OSError."""
        weights = self._tree(folder.path, folder.weight_files)
        return Digest(weights, _hex([weights, self._tree(folder.path, folder.config_files)]))

    def _tree(self, root: Path, files: Iterable[Path]) -> str:
        return _hex(f"{self._file(path)}  {path.relative_to(root).as_posix()}\n" for path in files)

    def _file(self, path: Path) -> str:
        status = path.stat()
        key = (path, status.st_size, status.st_mtime_ns)
        if key not in self._known:
            with path.open("rb") as file:
                self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._known[key]


def _hex(texts: Iterable[str]) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()
