"""k-diffusion's samplers, schedules and model wrappers, without its package.

The package imports torchvision and more at its top; its `sampling.py` and `external.py` need only one helper of it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import torch

_NAME = "k_diffusion_alone"


def _append_dims(x: torch.Tensor, count: int) -> torch.Tensor:
    return x[(...,) + (None,) * (count - x.ndim)]


def _package() -> ModuleType:
    package, utils = ModuleType(_NAME), ModuleType(f"{_NAME}.utils")
    package.__path__ = []
    utils.append_dims = _append_dims  # type: ignore[attr-defined]
    package.utils = utils  # type: ignore[attr-defined]
    sys.modules[_NAME], sys.modules[utils.__name__] = package, utils
    return package


def _load(package: ModuleType, name: str) -> ModuleType:
    found = importlib.util.find_spec("k_diffusion")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("k-diffusion is not installed: it is in the dependency group `oracles`")
    source = Path(found.submodule_search_locations[0]) / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{_NAME}.{name}", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    setattr(package, name, module)
    spec.loader.exec_module(module)
    return module


_PACKAGE = _package()
sampling = _load(_PACKAGE, "sampling")
external = _load(_PACKAGE, "external")
