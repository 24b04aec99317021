"""A model folder in diffusers' layout: its configuration, and where its weights are. No weights are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from latentwire.errors import FailedPrecondition, NotFound

Config: TypeAlias = Mapping[str, Any]

ONNX_FILES = ("text_encoder/model.onnx", "unet/model.onnx", "vae_encoder/model.onnx", "vae_decoder/model.onnx")
"""What the ONNX Runtime runner reads, beside weights that these refer to."""

_BESIDE_SAFETENSORS = {"vae_encoder/model.onnx": "vae/encoder.onnx", "vae_decoder/model.onnx": "vae/decoder.onnx"}
"""Where a graph may lie instead, since one that refers to the autoencoder's weights must stand beside them."""

TORCH_FILES = (
    "text_encoder/model.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
)
"""What the torch runner reads."""

_CONFIGS = ("scheduler/scheduler_config.json", "text_encoder/config.json", "unet/config.json", "vae/config.json")
_TOKENIZER_FILES = (("tokenizer/tokenizer.json",), ("tokenizer/vocab.json", "tokenizer/merges.txt"))
_WEIGHT_SUFFIXES = frozenset({".onnx", ".onnx_data", ".data", ".pb", ".safetensors"})
_WEIGHT_FOLDERS = ("text_encoder", "unet", "vae", "vae_decoder", "vae_encoder")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A readable model folder. `advice` and `latent_rgb` come from optional files that other programs ignore."""

    name: str
    path: Path
    scheduler: Config
    text_encoder: Config
    unet: Config
    vae: Config
    advice: Config
    latent_rgb: tuple[tuple[float, ...], ...]

    @property
    def has_graphs(self) -> bool:
        """Whether the ONNX Runtime runner can read it."""
        return not _missing_graphs(self.path)

    def graph(self, file: str) -> Path:
        """Returns where one of `ONNX_FILES` lies."""
        return _graph(self.path, file)

    @property
    def has_safetensors(self) -> bool:
        """Whether the torch runner can read it."""
        return not _missing(self.path, TORCH_FILES)

    @property
    def weight_files(self) -> tuple[Path, ...]:
        """Every file with weights, sorted by path."""
        files = (path for folder in _WEIGHT_FOLDERS for path in (self.path / folder).glob("*"))
        return tuple(sorted(path for path in files if path.suffix in _WEIGHT_SUFFIXES))

    @property
    def config_files(self) -> tuple[Path, ...]:
        """Every file beside the weights that decides what the model computes, sorted by path."""
        tokenizer = (self.path / "tokenizer").glob("*")
        return tuple(
            sorted([*(self.path / name for name in _CONFIGS), *(path for path in tokenizer if path.is_file())])
        )


def read_folder(path: Path, name: str | None = None) -> ModelFolder:
    """Returns what the folder at `path` holds, by default named as the folder is.

    Raises NotFound where there is no folder, FailedPrecondition with all that is missing or the file that can't be
    read where there is no model in it.
    """
    if not path.is_dir():
        raise NotFound(f"there is no model folder at {path}", reason="MODEL_NOT_FOUND")
    path = path.resolve()
    _require_layout(path)
    scheduler, text_encoder, unet, vae = (_read_json(path / config) for config in _CONFIGS)
    advice = _read_json(path / "latentwire.json", default={})
    rgb = _read_json(path / "latent_rgb.json", default={})
    return ModelFolder(
        name or path.name, path, scheduler, text_encoder, unet, vae, advice, _matrix(rgb, path) if rgb else ()
    )


def _require_layout(path: Path) -> None:
    missing = _missing(path, _CONFIGS)
    if all(_missing(path, files) for files in _TOKENIZER_FILES):
        missing.append("tokenizer/tokenizer.json (or vocab.json and merges.txt)")
    graphs, safetensors = _missing_graphs(path), _missing(path, TORCH_FILES)
    if graphs and safetensors:
        missing.extend(graphs if len(graphs) <= len(safetensors) else safetensors)
    if missing:
        raise unusable(f"{path} is no model folder: it lacks {', '.join(missing)}")


def unusable(message: str) -> FailedPrecondition:
    """Returns the error for a model that can't be run here."""
    return FailedPrecondition(message, reason="MODEL_UNUSABLE")


def _missing(path: Path, files: Iterable[str]) -> list[str]:
    return [file for file in files if not (path / file).is_file()]


def _missing_graphs(path: Path) -> list[str]:
    return [file for file in ONNX_FILES if not _graph(path, file).is_file()]


def _graph(path: Path, file: str) -> Path:
    beside = path / _BESIDE_SAFETENSORS.get(file, file)
    return path / file if (path / file).is_file() else beside


def _read_json(path: Path, default: Any = None) -> Any:
    if default is not None and not path.is_file():
        return default
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unusable(f"{path} can't be read: {error}") from error
    if not isinstance(content, dict | list):
        raise unusable(f"{path} holds neither an object nor a list")
    return content


def _matrix(rgb: Any, path: Path) -> tuple[tuple[float, ...], ...]:
    """Rows of RGB, one for each latent channel and the bias last."""
    try:
        matrix = tuple(tuple(float(value) for value in row) for row in (*rgb["weights"], rgb["bias"]))
    except (KeyError, TypeError, ValueError) as error:
        raise unusable(f"{path / 'latent_rgb.json'} must have `weights`, rows of 3 numbers, and `bias`") from error
    if any(len(row) != 3 for row in matrix):
        raise unusable(f"{path / 'latent_rgb.json'} must have rows of 3 numbers")
    return matrix
