"""The settings of a workflow file, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Setting:
    """A scalar of a mapping, as written: key, value, and the line (from 1) that its value begins on."""

    key: str
    value: str
    line: int


def settings(path: Path) -> Iterator[Setting]:
    """Every scalar setting of a file, at any depth."""
    yield from _walk(yaml.compose(path.read_text(), yaml.SafeLoader))


def _walk(node: yaml.Node | None) -> Iterator[Setting]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode):
                yield Setting(str(key.value), value.value, value.start_mark.line + 1)
            yield from _walk(value)
