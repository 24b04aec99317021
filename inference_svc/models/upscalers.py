"""The networks that make pictures larger: found in folders, tried once, loaded when they are first needed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import numpy as np

from inference_svc.models.activations import default_budget
from inference_svc.models.catalog import EMBEDDED
from inference_svc.models.devices import Device
from inference_svc.models.onnx_graph import OnnxSettings
from inference_svc.models.upscaler_graph import UpscalerGraph
from inference_svc.sampling import to_numpy
from inference_svc.work import Array, BatchKey, Row, UpscalerFacts, UpscaleRow
from latentwire.errors import LatentwireError, NotFound

log = logging.getLogger(__name__)

FOLDER = "upscalers"
"""Below the folder of models: one `<name>.onnx` each."""

_RESERVED = frozenset({"none", "lanczos", "nearest"})
_MOST_LOADED = 4
_FLOAT, _CHANNELS, _MAPS = 4, 64, 2  # feature maps of the enlarged size that live at a time, on the safe side


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was when it was looked at; another time or size is another file."""

    name: str
    path: Path
    modified_ns: int
    size: int


class Upscalers:
    """Knows the networks, and runs those that are loaded. Safe in several threads; `run` is the device thread's.

    At most four are kept loaded, those used last.
    """

    def __init__(self, models_dir: Path | None, device: Device, settings: OnnxSettings | None = None) -> None:
        self._models_dir, self._device, self._settings = models_dir, device, settings or OnnxSettings()
        self._looking, self._loading = Lock(), Lock()
        self._seen: Mapping[_File, UpscalerFacts | None] = {}
        self._facts: Mapping[str, UpscalerFacts] = MappingProxyType({})
        self._loaded: Mapping[str, UpscalerGraph] = MappingProxyType({})

    def look(self) -> tuple[UpscalerFacts, ...]:
        """Looks at the folders and returns what is there, by lower-case name; new files are tried, which takes time.

        A file that is no upscaler is logged once, with the reason, and left out.
        """
        with self._looking:
            files = [_file(name, path) for name, path in sorted(self._paths().items())]
            seen = {file: self._seen[file] if file in self._seen else self._tried(file) for file in files}
            changed = {file.name for file in self._seen if file not in seen}
            self._seen = seen
        found = [facts for facts in seen.values() if facts is not None]
        self._facts = MappingProxyType({facts.name: facts for facts in found})
        with self._loading:
            self._loaded = MappingProxyType({name: g for name, g in self._loaded.items() if name not in changed})
        return tuple(sorted(found, key=lambda facts: facts.name.lower()))

    def load(self, name: str) -> UpscalerGraph:
        """Returns a network, loaded now if need be. Raises NotFound, FailedPrecondition, OutOfMemory."""
        with self._loading:
            graph = self._loaded.get(name) or self._opened(name)
            others = [(key, kept) for key, kept in self._loaded.items() if key != name]
            self._loaded = MappingProxyType(dict([*others, (name, graph)][-_MOST_LOADED:]))
        return graph

    def run(self, rows: Sequence[Row]) -> list[Array]:
        """Returns the enlarged tile (1, 3, s H, s W) of each row; rows are of one upscaler and shape."""
        tiles = [row for row in rows if isinstance(row, UpscaleRow)]
        name = tiles[0].model
        graph = self._loaded.get(name) or self.load(name)
        pixels = np.concatenate([np.asarray(to_numpy(row.pixels), np.float32) for row in tiles])
        enlarged = graph.run(pixels)
        return [enlarged[index : index + 1].copy() for index in range(len(tiles))]

    def max_rows(self, key: BatchKey) -> int:
        """Returns the most tiles of a batch: what the graph is fixed to, or what memory allows; at least 1."""
        graph, facts = self._loaded.get(key.model), self._facts.get(key.model)
        if graph is not None and graph.batch:
            return graph.batch
        return max(1, self._most_pixels(facts.scale if facts else 1) // (key.shape[-1] * key.shape[-2]))

    def _most_pixels(self, scale: int) -> int:
        """Those of a batch's input that memory allows."""
        return default_budget(self._device.kind) // (_FLOAT * _CHANNELS * _MAPS * scale**2)

    def _opened(self, name: str) -> UpscalerGraph:
        if name not in self._facts:
            raise NotFound(f"there is no upscaler {name!r}", reason="UPSCALER_NOT_FOUND")
        return UpscalerGraph.load(Path(self._facts[name].path), self._device, self._settings)

    def _tried(self, file: _File) -> UpscalerFacts | None:
        try:
            graph = UpscalerGraph.load(file.path, self._device, self._settings)
        except LatentwireError as error:
            log.warning("%s is left out: %s", file.path, error.message)
            return None
        return UpscalerFacts(
            name=file.name,
            scale=graph.scale,
            path=str(file.path),
            memory_bytes=file.size,
            tile=graph.tile,
            most_tile_pixels=self._most_pixels(graph.scale),
            digest=_digest(file.path),
            load=partial(self._ready, file.name),
        )

    def _ready(self, name: str) -> None:
        if name not in self._loaded:
            self.load(name)

    def _paths(self) -> dict[str, Path]:
        """Files by name; one in the folder of models wins over an embedded one."""
        found = dict(_embedded())
        if self._models_dir is not None:
            found.update((path.stem, path) for path in (self._models_dir / FOLDER).glob("*.onnx") if path.is_file())
        for name in [name for name in found if name.lower() in _RESERVED]:
            log.warning("%s is left out: its name is taken", found.pop(name))
        return found


def _embedded() -> Iterator[tuple[str, Path]]:
    """What the package carries: upscaler_2x/model.onnx is called "Flatland 2x"."""
    folder = Path(str(resources.files("inference_svc.models").joinpath(EMBEDDED)))
    for path in folder.glob("upscaler_*/model.onnx"):
        yield f"{EMBEDDED.capitalize()} {path.parent.name.removeprefix('upscaler_')}", path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(name: str, path: Path) -> _File:
    stat = path.stat()
    return _File(name, path, stat.st_mtime_ns, stat.st_size)
