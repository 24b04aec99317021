"""Styles: texts that are put around prompts, kept in the data folder as `styles.csv` and other `styles*.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PLACE: Final = "{prompt}"
_FIRST: Final = "styles.csv"
_DIVIDER_WIDTH: Final = 40
_COLUMNS: Final = ("name", "prompt", "negative_prompt")


@dataclass(frozen=True, slots=True)
class Style:
    """One row of a file; without texts, the line that divides it from the file before."""

    name: str
    prompt: str | None
    negative_prompt: str | None


def read(folder: Path) -> Mapping[str, Style]:
    """The styles by name, in the files' order; of several files each begins with a divider. None without a file."""
    paths = sorted(folder.glob("styles*.csv"), key=lambda path: (path.name != _FIRST, path.name))
    found: dict[str, Style] = {}
    for path in paths:
        if len(paths) > 1:
            divider = f" {path.name} ".center(_DIVIDER_WIDTH, "-")
            found[divider] = Style(divider, None, None)
        found |= {style.name: style for style in _rows(path)}
    return found


def _rows(path: Path) -> Iterator[Style]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            name, prompt, negative_prompt = (row.get(key) or "" for key in _COLUMNS)
            if name:
                yield Style(name, prompt, negative_prompt)


def applied(text: str, styles: Sequence[str | None]) -> str:
    """The text with every style around it, or behind it."""
    for style in styles:
        text = _with(text, style or "")
    return text


def _with(text: str, style: str) -> str:
    if _PLACE in style:
        return style.replace(_PLACE, text)
    return ", ".join(part for part in (text.strip(), style.strip()) if part)
