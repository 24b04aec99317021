"""What a run under load has shown, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.bench.table import table

_HEAD = ("face", "what", "came to", "count", "a second", "p50 ms", "p95 ms", "p99 ms", "longest ms")


def markdown(facts: dict[str, Any]) -> str:
    """The report: what was asked of whom, the totals, each deed by what came of it, and failures by kind."""
    parts = ["# Load", _asked(facts), _totals(facts), _deeds(facts), "## Failures by kind", _errors(facts["errors"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _asked(facts: dict[str, Any]) -> str:
    return (
        f"{facts['when']}, {facts['machine']}; {facts['answering'] or 'an unknown engine'}; {facts['users']} users, "
        f"{facts['seconds']:g} s; command `{facts['command']}`."
    )


def _totals(facts: dict[str, Any]) -> str:
    seconds = facts["seconds"] or 1.0
    outcomes = ", ".join(f"{count} {name}" for name, count in facts["outcomes"].items())
    lines = [f"- {facts['requests']} requests, {facts['requests'] / seconds:.1f} a second: {outcomes}."]
    made = [f"{face} {count} ({count / seconds:.1f} a second)" for face, count in facts["pictures"].items()]
    lines.append(f"- Pictures: {', '.join(made) or 'none'}.")
    if facts["cpu_s"]:
        used = [f"{name} {seconds_used / seconds:.2f}" for name, seconds_used in facts["cpu_s"].items()]
        lines.append(f"- Cores in use on average: {', '.join(used)}.")
    return "\n".join(lines)


def _deeds(facts: dict[str, Any]) -> str:
    seconds = facts["seconds"] or 1.0
    return table(_HEAD, [_deed(one, seconds) for one in facts["deeds"]])


def _deed(one: dict[str, Any], seconds: float) -> Sequence[str]:
    latencies = [f"{one[name]:.1f}" for name in ("p50_ms", "p95_ms", "p99_ms", "p100_ms")]
    count = one["count"]
    return (one["face"], one["what"], one["outcome"], str(count), f"{count / seconds:.2f}", *latencies)


def _errors(errors: list[dict[str, Any]]) -> str:
    if not errors:
        return "None."
    rows = [(one["face"], one["what"], one["kind"], str(one["count"]), _cell(one["words"])) for one in errors]
    return table(("face", "what", "kind", "count", "first words"), rows)


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")
