"""The captioners that lie beside models, as servicers need them: a thread of their own, loaded when first asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from inference_svc.models import CAPTIONER_FILE, Captioner, Catalog, Device, OnnxSettings
from inference_svc.rpc.captioning import Description


class Captioners:
    """Describes pictures with the captioners of these model folders, the default first."""

    def __init__(self, folders: Mapping[str, Path], device: Device, settings: OnnxSettings) -> None:
        self._folders, self._device, self._settings = folders, device, settings
        self._loaded: dict[str, Captioner] = {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="captions")

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that have one."""
        return tuple(self._folders)

    async def describe(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], model: str) -> Description:
        """Says what pixels (H, W, 3) show. Raises FailedPrecondition, OutOfMemory."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._described, pixels, model)

    def _described(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], model: str) -> Description:
        if model not in self._loaded:
            self._loaded[model] = Captioner.load(self._folders[model], self._device, self._settings)
        return Description(self._loaded[model].caption(pixels))


def find_captioners(catalog: Catalog, device: Device, settings: OnnxSettings) -> Captioners | None:
    """Returns the captioners of a catalogue's models, that of its default model first; None where there is none."""
    paths = catalog.paths()
    default = catalog.default()
    ranked = sorted(paths, key=lambda name: name != default)
    folders = {name: paths[name] for name in ranked if (paths[name] / CAPTIONER_FILE).is_file()}
    return Captioners(folders, device, settings) if folders else None
