"""audit.json: the verdict for machines."""

from __future__ import annotations

import json
from typing import Any

from tools.audit.score import POINTS, CategoryVerdict, PointVerdict, RuleVerdict
from tools.audit.verdict import Verdict
from tools.audit.withheld import Withheld

# Raised when a key goes, or changes its meaning.
SCHEMA = 1


def document(verdict: Verdict) -> str:
    """The text of audit.json."""
    tree = {
        "schema": SCHEMA,
        "revision": verdict.revision,
        "dirty": verdict.dirty,
        "python": verdict.python,
        "hosted": verdict.hosted,
        "started": verdict.started,
        "seconds": verdict.seconds,
        "categories": [_category(category) for category in verdict.categories],
        "not_run": [{"what": entry.what, "why": entry.why} for entry in verdict.not_run],
        "faults": [_fault(fault) for fault in verdict.faults],
    }
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _category(category: CategoryVerdict) -> dict[str, Any]:
    points = [_point(point) for point in category.points]
    return {"name": category.name, "score": category.score, "of": POINTS, "points": points}


def _point(point: PointVerdict) -> dict[str, Any]:
    return {"claim": point.claim, "given": point.given, "rules": [_rule(rule) for rule in point.rules]}


def _rule(rule: RuleVerdict) -> dict[str, Any]:
    return {
        "what": rule.what,
        "evidence": [{"fact": shown.fact, "file": shown.file, "value": shown.value} for shown in rule.evidence],
        "withheld": None if rule.withheld is None else _fault(rule.withheld),
    }


def _fault(fault: Withheld) -> dict[str, str]:
    return {"kind": fault.kind, "file": fault.file, "reason": fault.reason}
