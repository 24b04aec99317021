"""Guards that others wrote: zizmor reads the workflows as an auditor would, check-jsonschema knows their grammar."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard.checkout import hooks, hosting, named, workflows
from tools.guard.finding import Finding

ZIZMOR = ("zizmor", "--offline", "--persona=auditor", "--quiet", "--strict-collection", "--format=json-v1")
_ZIZMOR_FINDS = frozenset({11, 12, 13, 14})
_IGNORE = re.compile(r"zizmor:\s*ignore\[[\w, -]+\]\s*(?P<reason>\S.*)?$")
_ACCEPTED = re.compile(r"^\s+-\s+[\w.-]+\.ya?ml[:\d]*\s*(?P<reason>#\s*\S.*)?$")


def zizmor(root: Path) -> Iterator[Finding]:
    """What zizmor finds, and what it was told to leave alone without a reason."""
    config = [f"--config={name}" for name in (".github/zizmor.yml",) if (root / name).exists()]
    ended = _run(root, *ZIZMOR, *config, ".github", *(named(root, path) for path in hooks(root)))
    if ended.returncode and ended.returncode not in _ZIZMOR_FINDS:
        yield Finding(".github", 1, f"zizmor ended with {ended.returncode}: {ended.stderr.strip()[-200:]}")
        return
    for found in json.loads(ended.stdout):
        yield Finding(*_place(found), f"zizmor {found['ident']}: {found['desc']}")
    yield from _unreasoned(root)


def schemas(root: Path) -> Iterator[Finding]:
    """What is not a workflow, an action, a template or dependabot's configuration by its published schema."""
    for schema, paths in _by_schema(root).items():
        names = [named(root, path) for path in paths]
        ended = _run(root, "check-jsonschema", f"--builtin-schema=vendor.{schema}", "--output-format=json", *names)
        report = json.loads(ended.stdout)
        for error in report.get("errors", []):
            yield Finding(error["filename"], 1, textwrap.shorten(f"{error['path']}: {error['message']}", 300))
        for error in report.get("parse_errors", []):
            yield Finding(error["filename"], 1, f"is no YAML: {error['message']}")


def _run(root: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sysconfig.get_path("scripts")) / tool), *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def _place(found: dict[str, Any]) -> tuple[str, int]:
    place = found["locations"][0]
    for location in found["locations"]:
        if location["symbolic"].get("kind") == "Primary":
            place = location
    path = place["symbolic"]["key"]["Local"]["verbatim_path"].removeprefix("./")
    return path, place["concrete"]["location"]["start_point"]["row"] + 1


def _unreasoned(root: Path) -> Iterator[Finding]:
    for path in hosting(root):
        accepts = _ACCEPTED if path.name == "zizmor.yml" else _IGNORE
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if (match := accepts.search(line)) and not match["reason"]:
                yield Finding(named(root, path), number, "is accepted without a reason: write it behind")


def _by_schema(root: Path) -> dict[str, list[Path]]:
    github = root / ".github"
    found = {
        "github-workflows": workflows(root),
        "dependabot": sorted(github.glob("dependabot.y*ml")),
        "github-actions": [path for path in hosting(root) if path.stem == "action"],
        "github-issue-config": sorted(github.glob("ISSUE_TEMPLATE/config.y*ml")),
        "github-issue-forms": [path for path in sorted(github.glob("ISSUE_TEMPLATE/*.y*ml")) if path.stem != "config"],
    }
    return {schema: paths for schema, paths in found.items() if paths}
