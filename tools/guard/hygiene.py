"""Guard: a workflow may do no more than it must, ends in time, and its verdict hears every job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard.checkout import named, workflows
from tools.guard.finding import Finding
from tools.guard.workflow import document

CI = ".github/workflows/ci.yml"
RELEASE = ".github/workflows/release.yml"
VERDICT = "all-green"
_FLOATING = re.compile(r"\.x\b|\*|>|^3$")
_OURS = frozenset({"push", "release", "workflow_dispatch"})
_SECRET = re.compile(r"\bsecrets\s*[.\[)]|\bsecrets:\s*inherit|\bgithub\s*\.\s*token\b")
# Variables by which one line changes what every later command does.
_STEERS = re.compile(
    r"(MAKE|GNUMAKE|MFLAGS|PYTEST_|COVERAGE_|PYTHON|LD_|BASH_ENV|ENV$|SHELLOPTS|BASHOPTS|PATH$|GIT_|PIP_|UV_(?!TORCH_BACKEND))"
)
_LATER = re.compile(r"GITHUB_(ENV|PATH)\b|set-env|add-path")
_OUTSIDERS = frozenset({"pull_request_target", "workflow_run", "issue_comment"})


def check(root: Path) -> Iterator[Finding]:
    """Each liberty that a workflow takes, and each job that nobody waits for."""
    for path in workflows(root):
        name, content = named(root, path), document(path)
        for message in (*_workflow(content, path.read_text()), *_jobs(content)):
            yield Finding(name, 1, message)
    for name in (CI, RELEASE):
        if not (root / name).exists():
            yield Finding(name, 1, "is missing")
    yield from (Finding(CI, 1, message) for message in _verdict(document(root / CI)))
    if outside := sorted(_triggers(document(root / RELEASE)) - _OURS):
        yield Finding(RELEASE, 1, f"{outside[0]} starts a release: only a tag, a release or a person may")


def _triggers(content: dict[Any, Any]) -> set[str]:
    on = content.get("on", content.get(True, {}))  # YAML reads a bare `on` as true
    return {on} if isinstance(on, str) else set(on)


def _workflow(content: dict[Any, Any], text: str) -> Iterator[str]:
    triggers = _triggers(content)
    if content.get("permissions") != {}:
        yield "permissions: {} belongs at the top; each job asks for what it needs"
    if "concurrency" not in content:
        yield "has no concurrency: a newer run cannot take an older one's place"
    if outsiders := sorted(triggers & _OUTSIDERS):
        yield f"{outsiders[0]} runs what strangers write with rights of this repository"
    if _SECRET.search(text):
        yield "uses a secret: what a job may do is asked for by its permissions"
    if _LATER.search(text):
        yield "changes the environment of later steps: what they do then is not what they say"
    if "defaults" in content:
        yield "defaults change how every command is run"
    yield from _environment("the workflow", content)
    if "pull_request" in triggers and (rights := sorted(_rights(content))):
        yield f"a pull request runs it, so no job may have {rights[0]}: write"


def _rights(content: dict[Any, Any]) -> set[str]:
    """What any job may write."""
    asked = [job.get("permissions") or {} for job in content.get("jobs", {}).values()]
    tables = [{"everything": rights} if isinstance(rights, str) else rights for rights in asked]
    return {name for rights in tables for name, right in rights.items() if str(right).startswith("write")}


def _jobs(content: dict[Any, Any]) -> Iterator[str]:
    for name, job in content.get("jobs", {}).items():
        if "uses" not in job and not isinstance(job.get("timeout-minutes"), int):
            yield f"job {name} has no timeout-minutes"
        yield from _environment(f"job {name}", job)
        if re.search(r"-latest\b|self-hosted", str(job.get("runs-on", ""))):
            yield f"job {name} runs on {job['runs-on']}, which changes by itself: name the version"
        for step in job.get("steps", ()):
            yield from _step(name, step)


def _step(job: str, step: dict[str, Any]) -> Iterator[str]:
    given = step.get("with") or {}
    if step.get("uses", "").startswith("actions/checkout@") and given.get("persist-credentials") is not False:
        yield f"job {job} leaves credentials behind its checkout: persist-credentials: false"
    if _FLOATING.search(str(given.get("python-version", ""))):
        yield f"job {job} takes whichever Python is newest: {given['python-version']}"
    if "actions/cache" in step.get("uses", "") or {"cache", "enable-cache"} & {key for key in given if given[key]}:
        yield f"job {job} takes from a cache, which holds what other runs left there"
    if step.get("uses", "").startswith("actions/checkout@") and (
        other := sorted({"repository", "ref", "submodules"} & {*given})
    ):
        yield f"job {job} checks out other code: {other[0]}"
    yield from _environment(f"a step of job {job}", step)


def _environment(where: str, of: dict[str, Any]) -> Iterator[str]:
    for name in sorted(of.get("env") or ()):
        if _STEERS.match(name):
            yield f"{where} sets {name}, which changes what its commands do"


def _verdict(content: dict[Any, Any]) -> Iterator[str]:
    jobs = content.get("jobs", {})
    if VERDICT not in jobs:
        yield f"has no job {VERDICT}, which stands for all"
        return
    verdict = jobs[VERDICT]
    needs = verdict.get("needs", [])
    if missing := sorted(set(jobs) - {VERDICT, *([needs] if isinstance(needs, str) else needs)}):
        yield f"{VERDICT} does not need {', '.join(missing)}"
    # Without always() it is skipped when a job fails, and a skipped check counts as passed.
    if str(verdict.get("if", "")).removeprefix("${{").removesuffix("}}").strip() != "always()":
        yield f"{VERDICT} is skipped when another job fails: if: ${{{{ always() }}}}"
    if "needs" not in str(verdict.get("steps", "")):
        yield f"{VERDICT} does not look at the results of what it needs"
