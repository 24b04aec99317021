"""Files into shapes; a file that cannot be read is a fact withheld, never a crash."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tools.audit.withheld import Kind, Withheld

S = TypeVar("S", bound=BaseModel)


def content(path: Path) -> bytes:
    """The bytes of a file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Withheld(Kind.MISSING, path.name, "there is no such file") from None
    except OSError as error:
        raise Withheld(Kind.UNREADABLE, path.name, f"cannot be read: {error.strerror}") from None


def text(path: Path) -> str:
    """The text of a file."""
    try:
        return content(path).decode()
    except UnicodeDecodeError as error:
        raise Withheld(Kind.UNREADABLE, path.name, f"is not UTF-8 at byte {error.start}") from None


def from_json(shape: type[S], raw: bytes | str, file: str) -> S:
    """JSON text as a shape."""
    try:
        return shape.model_validate_json(raw)
    except ValidationError as error:
        raise Withheld(Kind.UNREADABLE, file, _first(error)) from None


def from_toml(shape: type[S], path: Path) -> S:
    """A TOML file as a shape."""
    try:
        return shape.model_validate(tomllib.loads(text(path)))
    except tomllib.TOMLDecodeError as error:
        raise Withheld(Kind.UNREADABLE, path.name, str(error)) from None
    except ValidationError as error:
        raise Withheld(Kind.UNREADABLE, path.name, _first(error)) from None


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else detail["msg"]
