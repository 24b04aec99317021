"""Guard: the workflow and a contributor run the same steps, each one target of the Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard.finding import Finding
from tools.guard.workflow import document

CI = ".github/workflows/ci.yml"
_STEP = re.compile(r"^\s*\.ci/step\s+([\w-]+)\s*$", re.MULTILINE)
_PAST_THE_STEPS = re.compile(r"(?<![\w/.-])(make|pytest|ruff|mypy|pip|uv|coverage|python3?|\.venv/bin/\S+)(?=\s)")

# A workflow may keep to a branch, but not leave this one out.
_MAIN = "main"
_NEEDED = {"push": {"branches"}, "pull_request": set[str]()}
# Whatever else a job or a step can say changes what `.ci/step` does there, or what becomes of its failure.
_OF_A_JOB = frozenset({"name", "runs-on", "timeout-minutes", "permissions", "strategy", "env", "steps"})
_OF_A_STEP = frozenset({"name", "run", "if"})
# A step may run although another failed, as the audit does; never only sometimes.
_WHATEVER_FAILED = frozenset({"", "always()", "!cancelled()"})


def check(root: Path) -> Iterator[Finding]:
    """Each step that is missing, in another place, no target, or done past `.ci/step`."""
    makefile = (root / "Makefile").read_text()
    steps, hosted = variable(makefile, "STEPS"), variable(makefile, "HOSTED")
    for name in (*steps, *hosted):
        if name not in targets(makefile):
            yield Finding("Makefile", 1, f"step {name} is no target")
    jobs = document(root / CI).get("jobs", {})
    running = {name: job for name, job in jobs.items() if _steps(job)}
    if not running:
        yield Finding(CI, 1, "runs no .ci/step")
    for trigger in _NEEDED:
        if not _unfiltered(document(root / CI), trigger):
            yield Finding(CI, 1, f"does not run on every {trigger}: no paths, no types")
    for name, job in running.items():
        yield from (Finding(CI, 1, f"job {name}: {message}") for message in _job(job, steps, hosted))
    if ".ci/run" not in _recipe(makefile, "check") or "make --no-print-directory steps" not in _text(root / ".ci/run"):
        yield Finding(
            ".ci/run", 1, "`make check` runs .ci/run, and that what `make steps` prints: one of the two does not"
        )


def variable(makefile: str, name: str) -> list[str]:
    """The words of a variable of the Makefile; none where it is not set."""
    match = re.search(rf"^{name} := (.*(?:\\\n.*)*)$", makefile, re.MULTILINE)
    return match[1].replace("\\\n", " ").split() if match else []


def targets(makefile: str) -> set[str]:
    """The names that `make` can be given."""
    heads = re.findall(r"^([a-z][\w -]*?)\s*:(?![:=])", makefile, re.MULTILINE)
    return {name for head in heads for name in head.split()}


def _unfiltered(workflow: dict[Any, Any], trigger: str) -> bool:
    on = workflow.get("on", workflow.get(True, {}))  # YAML reads a bare `on` as true
    filters = (on.get(trigger) if isinstance(on, dict) else None) or {}
    return trigger in on and set(filters) <= _NEEDED[trigger] and _MAIN in filters.get("branches", [_MAIN])


def _job(job: dict[str, Any], steps: list[str], hosted: list[str]) -> Iterator[str]:
    here = _steps(job)
    if [name for name in here if name not in hosted] != steps:
        yield f"its steps are {' '.join(here)}; `make steps` says {' '.join(steps)}"
    if sorted(name for name in here if name in hosted) != sorted(hosted):
        yield f"runs not each of HOSTED once: {' '.join(hosted)}"
    if "if" in job:
        yield "runs on a condition only"
    for key in sorted(set(job) - _OF_A_JOB - {"if"}):
        yield f"'{key}' may change what its steps do"
    for step in job.get("steps", ()):
        yield from _alone(step)
        if _STEP.search(step.get("run", "")) and _condition(step) not in _WHATEVER_FAILED:
            yield f"'{step['run'].strip()}' runs on a condition only"
    for command in _commands(job):
        if match := _PAST_THE_STEPS.search(_STEP.sub("", command)):
            yield f"'{match[0]}' is run past .ci/step, so not by `make check`"


def _alone(step: dict[str, Any]) -> Iterator[str]:
    """A step of CI is its one command, and no more."""
    run = step.get("run", "")
    if _STEP.search(run) or ".ci/" in run:
        if not _STEP.fullmatch(run):
            yield f"'{run.strip()}' is more, or other, than one .ci/step NAME"
        for key in sorted(set(step) - _OF_A_STEP):
            yield f"'{run.strip()}' has '{key}', which may change what it does"


def _condition(step: dict[str, Any]) -> str:
    return str(step.get("if", "")).removeprefix("${{").removesuffix("}}").strip()


def _commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job.get("steps", ()) if "run" in step]


def _steps(job: dict[str, Any]) -> list[str]:
    return [name for command in _commands(job) for name in _STEP.findall(command)]


def _recipe(makefile: str, target: str) -> str:
    match = re.search(rf"^{target}\s*:.*\n((?:\t.*\n?)*)", makefile, re.MULTILINE)
    return match[1] if match else ""


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
