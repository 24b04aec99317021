"""Checkpoints by the names that A1111 takes for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from latentwire.v1.types_pb2 import Model

_SHORT = 10


def title(model: Model) -> str:
    """The name that lists show and options keep: "name [10 hex of its sha256]"."""
    return f"{model.name} [{short_hash(model)}]" if model.sha256 else model.name


def short_hash(model: Model) -> str:
    """The first ten hex digits of its sha256; empty until that is known."""
    return str(model.sha256)[:_SHORT]


def find(models: Sequence[Model], name: str) -> Model | None:
    """The model that goes by this name: title, name, file name, short hash or sha256, exactly."""
    return next((model for model in models if name in set(_names(model))), None)


def default(models: Sequence[Model]) -> Model | None:
    """The model used when a request names none."""
    return next((model for model in models if model.is_default), models[0] if models else None)


def _names(model: Model) -> Iterator[str]:
    base = PurePosixPath(model.path).name
    yield from (name for name in (model.name, base, PurePosixPath(base).stem, title(model)) if name)
    if model.sha256:
        yield from (str(model.sha256), short_hash(model), f"{base} [{short_hash(model)}]")
