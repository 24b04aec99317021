"""Styles: texts that are put around prompts, kept as `styles.csv` in the data folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PLACE: Final = "{prompt}"


@dataclass(frozen=True, slots=True)
class Style:
    """One row of the file."""

    name: str
    prompt: str
    negative_prompt: str


def read(folder: Path) -> Mapping[str, Style]:
    """The styles by name, in the file's order; none where there is no file."""
    try:
        with (folder / "styles.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [Style(*(row.get(key) or "" for key in _COLUMNS)) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return {}
    return {style.name: style for style in rows if style.name}


_COLUMNS: Final = ("name", "prompt", "negative_prompt")


def applied(text: str, styles: Sequence[str]) -> str:
    """The text with every style around it, or behind it."""
    for style in styles:
        text = _with(text, style)
    return text


def _with(text: str, style: str) -> str:
    if _PLACE in style:
        return style.replace(_PLACE, text)
    return ", ".join(part for part in (text.strip(), style.strip()) if part)
