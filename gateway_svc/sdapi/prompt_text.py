"""What is done to a prompt's text before anybody reads it as a prompt."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"#[^\n]*")
_WHOLE_LINE_COMMENT = re.compile(r"^#[^\n]*(?:\n|\Z)", re.MULTILINE)
_NETWORK = re.compile(r"<\w+:[^<>]+>")


def without_comments(text: str) -> str:
    """Drops everything from "#" to the end of its line, and lines that hold nothing else."""
    return _COMMENT.sub("", _WHOLE_LINE_COMMENT.sub("", text))


def without_networks(text: str) -> str:
    """Drops `<lora:…>` and its kin."""
    return _NETWORK.sub("", text)
