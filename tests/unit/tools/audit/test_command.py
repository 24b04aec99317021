"""The command: two files, an exit status, and a sentence for every category that has too little."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.tools.audit.complete import complete, rewrite
from tools.audit.__main__ import main
from tools.audit.checkout import is_committed, surroundings
from tools.audit.document import document
from tools.audit.facts import Facts
from tools.audit.least import LEAST, under
from tools.audit.report import report
from tools.audit.verdict import CATEGORIES, verdict


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The complete checkout, committed."""
    complete(tmp_path / "checkout")
    git(tmp_path / "checkout", "init", "--quiet")
    git(tmp_path / "checkout", "add", ".")
    git(tmp_path / "checkout", "commit", "--quiet", "--message=All of it")
    return tmp_path / "checkout"


def run(root: Path, *arguments: str) -> int:
    return main([f"--root={root}", f"--evidence={root / 'out'}", f"--out={root / 'verdict'}", *arguments])


def test_both_files_are_written_and_tell_the_same(repository: Path) -> None:
    run(repository)
    tree = json.loads((repository / "verdict/audit.json").read_text())
    summary = (repository / "verdict/audit.md").read_text()
    assert tree["schema"] == 1
    assert tree["revision"] == git(repository, "rev-parse", "HEAD")
    assert all(f"| {category['name']} | {category['score']} of 5 |" in summary for category in tree["categories"])


def test_too_little_is_an_exit_status_and_a_sentence(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The evidence is of another revision than the one just committed.
    assert run(repository) == 1
    assert "Server boot has 0 of 5, at least 5 is asked for" in capsys.readouterr().err


def test_with_no_least_it_passes_and_says_the_scores(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(repository, "--least=0") == 0
    assert "Coverage 0 of 5" in capsys.readouterr().out


def test_the_rules_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rules"]) == 0
    assert "| It stops cleanly | told to stop, it ended with exit status 0 |" in capsys.readouterr().out


def test_git_is_asked_for_revision_changes_and_committed_bytes(repository: Path) -> None:
    before = surroundings(repository, {"GITHUB_ACTIONS": "true"})
    rewrite(repository / ".python-version", lambda text: f"{text}\n")
    after = surroundings(repository, {})
    assert (before.revision, before.dirty, before.hosted) == (git(repository, "rev-parse", "HEAD"), False, True)
    assert (after.dirty, after.hosted) == (True, False)
    assert not is_committed(repository, ".python-version", after.committed)
    assert is_committed(repository, "requirements.txt", after.committed)


def test_outside_a_repository_there_is_no_revision(tmp_path: Path) -> None:
    here = surroundings(tmp_path, {"GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert (here.revision, here.committed) == ("", {})


def test_each_category_has_a_recorded_least(facts: Facts) -> None:
    assert list(LEAST) == [category.name for category in CATEGORIES]
    assert under(verdict(facts).categories) == []


def test_a_category_under_its_least_is_named(facts: Facts) -> None:
    (facts.evidence / "coverage.json").unlink()
    assert under(verdict(facts).categories) == ["Coverage has 1 of 5, at least 5 is asked for"]
    assert under(verdict(facts).categories, 1) == []


def test_the_report_shows_evidence_reasons_and_what_was_not_run(facts: Facts) -> None:
    rewrite(facts.evidence / "smoke.json", lambda text: text.replace("7860", "7861"))
    said = report(verdict(facts))
    assert "| Server boot | 4 of 5 | The pair binds its real port |" in said
    assert "| refuted | smoke.json | port 7861 was bound, not 7860 |" in said
    assert "| ✓ It becomes ready, in a time that is measured | seconds until ready | 1.0 | smoke.json |" in said
    assert "| pip-audit | only the hosting service's run asks" in said


def test_a_cell_of_the_report_stays_one_cell(facts: Facts) -> None:
    rewrite(facts.evidence / "smoke.json", lambda text: text.replace('"error": ""', '"error": "a|b<br>\\nc"'))
    assert "| refuted | smoke.json | a\\|b&lt;br> c |" in report(verdict(facts))


def test_the_same_facts_give_the_same_documents(facts: Facts) -> None:
    again = Facts(facts.root, facts.evidence, facts.here)
    assert document(verdict(facts)) == document(verdict(again))
    assert report(verdict(facts)) == report(verdict(again))
