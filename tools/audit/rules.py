"""The written rules, as docs/audit.md has them."""

from __future__ import annotations

from collections.abc import Iterator

from tools.audit.verdict import CATEGORIES


def rules() -> str:
    """Every point and what must be shown for it, as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for category in CATEGORIES:
        yield f"### {category.name}\n"
        yield "| a point for | what must be shown |"
        yield "|---|---|"
        for point in category.points:
            yield f"| {point.claim} | {'; '.join(rule.what for rule in point.rules)} |"
        yield ""
