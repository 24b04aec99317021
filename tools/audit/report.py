"""audit.md: the verdict for people, fit for a job's summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.audit.score import POINTS, CategoryVerdict, PointVerdict, RuleVerdict
from tools.audit.verdict import Verdict


def report(verdict: Verdict) -> str:
    """The text of audit.md."""
    parts = (_head(verdict), _scores(verdict), _faults(verdict), _not_run(verdict), *map(_category, verdict.categories))
    return "\n".join(line for part in parts for line in part)


def _head(verdict: Verdict) -> Iterator[str]:
    state = "with changes" if verdict.dirty else "without changes"
    where = "on the hosting service" if verdict.hosted else "not on the hosting service"
    yield "# Audit\n"
    yield f"Revision `{verdict.revision or 'none'}` {state}, Python {verdict.python}, {where}."
    yield f"The steps began at {verdict.started} and took {verdict.seconds:g} s.\n"


def _scores(verdict: Verdict) -> Iterator[str]:
    yield from _table(("category", "score", "withheld"), (_score(category) for category in verdict.categories))


def _score(category: CategoryVerdict) -> tuple[str, ...]:
    withheld = [point.claim for point in category.points if not point.given]
    return category.name, f"{category.score} of {POINTS}", "; ".join(withheld)


def _faults(verdict: Verdict) -> Iterator[str]:
    if verdict.faults:
        yield "## Why points are withheld\n"
        rows = ((fault.kind.value, fault.file, fault.reason) for fault in verdict.faults)
        yield from _table(("fact is", "file", "reason"), rows)


def _not_run(verdict: Verdict) -> Iterator[str]:
    yield "## Not run\n"
    yield from _table(("what", "why"), ((entry.what, entry.why) for entry in verdict.not_run))


def _category(category: CategoryVerdict) -> Iterator[str]:
    yield f"## {category.name}: {category.score} of {POINTS}\n"
    rows = (row for point in category.points for rule in point.rules for row in _rows(point, rule))
    yield from _table(("point", "fact", "value", "file"), rows)


def _rows(point: PointVerdict, rule: RuleVerdict) -> Iterator[tuple[str, ...]]:
    mark = "✓" if point.given else "✗"
    for shown in rule.evidence:
        yield f"{mark} {point.claim}", shown.fact, str(shown.value), shown.file
    if rule.withheld:
        yield f"{mark} {point.claim}", f"not shown: {rule.what}", rule.withheld.reason, rule.withheld.file


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(text) for text in row)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
