"""Whatever happens to the evidence, the audit judges it: it never crashes, and damage never earns a point."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tools.audit.complete import complete, evidence
from tools.audit.document import document
from tools.audit.facts import Facts
from tools.audit.report import report
from tools.audit.score import POINTS, RuleVerdict
from tools.audit.verdict import Verdict, verdict

FILES = sorted([*evidence(), "steps.jsonl"])


def rules(found: Verdict) -> list[RuleVerdict]:
    return [rule for category in found.categories for point in category.points for rule in point.rules]


def judged(facts: Facts) -> Verdict:
    """The verdict, written out as the command does."""
    found = verdict(facts)
    assert document(found).startswith("{")
    assert report(found).startswith("# Audit")
    return found


@settings(max_examples=60)
@given(name=st.sampled_from(FILES), at=st.floats(0, 1), garbage=st.binary(max_size=8), eaten=st.integers(0, 40))
def test_a_damaged_file_is_judged_and_five_means_every_rule_was_shown(
    name: str, at: float, garbage: bytes, eaten: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        facts = complete(Path(folder))
        raw = (facts.evidence / name).read_bytes()
        cut = int(at * len(raw))
        (facts.evidence / name).write_bytes(raw[:cut] + garbage + raw[cut + eaten :])
        shutil.copystat(facts.evidence / "steps.jsonl", facts.evidence / name)
        found = judged(facts)
    for category in found.categories:
        shown = [all(rule.evidence and not rule.withheld for rule in point.rules) for point in category.points]
        assert category.score == sum(shown) <= POINTS


@settings(max_examples=40)
@given(gone=st.sets(st.sampled_from(FILES), min_size=1))
def test_whatever_is_missing_is_named_and_leaves_no_full_score(gone: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        facts = complete(Path(folder))
        for name in gone:
            (facts.evidence / name).unlink()
        found = judged(facts)
    assert min(category.score for category in found.categories) < POINTS
    assert {rule.withheld.file for rule in rules(found) if rule.withheld} <= gone
