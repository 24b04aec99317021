"""A run that misses nothing has five points everywhere; whatever is taken away costs one, and is named."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.audit.complete import CHECKOUT, evidence, rewrite, steps
from tools.audit.facts import Facts
from tools.audit.verdict import Verdict, verdict

# No rule needs these alone: a test's file that is gone is missed by nobody but the guards' floor.
READ = sorted(name for name in CHECKOUT if not name.startswith("tests/") and "/v1/" not in name)
Place = tuple[str | int, ...]


def keys(tree: Any, at: Place = ()) -> Iterator[Place]:
    """The places of all keys and items of a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield (*at, key)
        yield from keys(value, (*at, key))


def without(text: str, at: Place) -> str:
    """JSON text less one key or item."""
    tree = json.loads(text)
    parent = tree
    for key in at[:-1]:
        parent = parent[key]
    del parent[at[-1]]
    return json.dumps(tree)


KEYS = [(name, at) for name, (_, tree) in evidence().items() for at in keys(tree)]


def scores(found: Verdict) -> dict[str, int]:
    return {category.name: category.score for category in found.categories}


def short(found: Verdict) -> list[str]:
    return [name for name, score in scores(found).items() if score < 5]


def named(found: Verdict) -> set[str]:
    return {fault.file for fault in found.faults}


def test_a_run_that_misses_nothing_has_every_point(facts: Facts) -> None:
    found = verdict(facts)
    assert found.faults == []
    assert set(scores(found).values()) == {5}


@pytest.mark.parametrize("name", [*evidence(), "steps.jsonl"])
def test_a_file_of_evidence_that_is_missing_costs_a_point_and_is_named(facts: Facts, name: str) -> None:
    (facts.evidence / name).unlink()
    found = verdict(facts)
    assert short(found) != []
    assert named(found) == {name}


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"\xff\xfe", b"<a/>", b"<a", b'"NaN"'])
@pytest.mark.parametrize("name", [*evidence(), "steps.jsonl"])
def test_a_file_of_evidence_that_cannot_be_read_costs_a_point_and_is_named(
    facts: Facts, name: str, content: bytes
) -> None:
    at = (facts.evidence / name).stat().st_mtime
    (facts.evidence / name).write_bytes(content)
    os.utime(facts.evidence / name, (at, at))
    found = verdict(facts)
    assert short(found) != []
    assert named(found) == {name}


@pytest.mark.parametrize(("name", "at"), KEYS, ids=str)
def test_a_key_that_is_missing_costs_a_point_and_its_file_is_named(facts: Facts, name: str, at: Place) -> None:
    rewrite(facts.evidence / name, lambda text: without(text, at))
    found = verdict(facts)
    assert short(found) != []
    assert named(found) == {name}


@pytest.mark.parametrize("key", sorted(steps()[0]))
def test_a_step_that_lacks_a_key_costs_every_point_that_needs_the_ledger(facts: Facts, key: str) -> None:
    lines = [json.dumps({name: value for name, value in step.items() if name != key}) for step in steps()]
    rewrite(facts.evidence / "steps.jsonl", lambda _: "\n".join(lines))
    found = verdict(facts)
    assert short(found) == list(scores(found))
    assert named(found) == {"steps.jsonl"}


@pytest.mark.parametrize("step", [step["step"] for step in steps()])
def test_a_step_that_was_not_run_costs_a_point_and_is_named(facts: Facts, step: str) -> None:
    left = [json.dumps(line) for line in steps() if line["step"] != step]
    rewrite(facts.evidence / "steps.jsonl", lambda _: "\n".join(left))
    found = verdict(facts)
    assert f"step {step} was not run" in {fault.reason for fault in found.faults}
    assert "Test execution" in short(found)
    assert f"step {step}" in {entry.what for entry in found.not_run}


@pytest.mark.parametrize("name", READ)
def test_a_file_of_the_checkout_that_is_missing_costs_a_point(facts: Facts, name: str) -> None:
    if name == "inference_svc/models/flatland/unet/model.onnx":
        rewrite(facts.root / name, lambda text: f"other {text}")
    else:
        (facts.root / name).unlink()
    assert short(verdict(facts)) != []


def test_a_run_that_left_nothing_has_no_point(facts: Facts, tmp_path: Path) -> None:
    nothing = Facts(facts.root, tmp_path / "nowhere", facts.here)
    assert set(scores(verdict(nothing)).values()) == {0}
