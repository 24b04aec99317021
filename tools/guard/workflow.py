"""A YAML file as a document, and as its settings, each with its place. What was read once is kept: guards share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Setting:
    """A scalar of a mapping, as written: key, value, and the line (from 1) that its value begins on."""

    key: str
    value: str
    line: int


def settings(path: Path) -> tuple[Setting, ...]:
    """Every scalar setting of a file, at any depth."""
    return _settings(path.read_text())


def document(path: Path) -> dict[Any, Any]:
    """The whole file, to be read only; nothing where there is none."""
    return _document(path.read_text()) if path.exists() else {}


@lru_cache(maxsize=64)
def _settings(text: str) -> tuple[Setting, ...]:
    return tuple(_walk(yaml.compose(text, yaml.SafeLoader)))


@lru_cache(maxsize=64)
def _document(text: str) -> dict[Any, Any]:
    return yaml.safe_load(text) or {}


def _walk(node: yaml.Node | None) -> Iterator[Setting]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode):
                yield Setting(str(key.value), value.value, value.start_mark.line + 1)
            yield from _walk(value)
