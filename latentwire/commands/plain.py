"""What commands print: values as JSON, lists as columns, spans of time in words."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


def as_json(value: object) -> str:
    """One line of JSON. Dataclasses become objects, times ISO 8601, bytes base64, arrays nested lists."""
    return json.dumps(_plain(value), ensure_ascii=False)


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their heads, each column as wide as its widest cell."""
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in lines)


def span(seconds: float | None) -> str:
    """A span of time as "12 s", "3:05" minutes or "1:02:03" hours; "" where it is not known."""
    if seconds is None:
        return ""
    whole = round(max(0.0, seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}" if minutes else f"{whole} s"


def size(byte_count: int) -> str:
    """A size in memory as "512 MB"; "" where it is not known."""
    return f"{byte_count / 1e6:,.0f} MB" if byte_count else ""


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value
