"""The least score of each category with which the audit passes."""

from __future__ import annotations

from collections.abc import Iterable

from tools.audit.score import POINTS, CategoryVerdict

# Reproducibility alone may lack a point, the one for a checkout without changes on the Python of .python-version: a
# contributor runs `make check` before committing, and CI's second job is there to have another Python. Whichever point
# it lacks, the report says so; the steps proto-fresh, wheel and guard fail by themselves.
LEAST = {"Determinism": 5, "Reproducibility": 4, "Server boot": 5, "Test execution": 5, "Coverage": 5}


def under(verdicts: Iterable[CategoryVerdict], least: int | None = None) -> list[str]:
    """The categories that score less than recorded, or than `least`, each in a sentence."""
    asked = [(verdict, LEAST.get(verdict.name, POINTS) if least is None else least) for verdict in verdicts]
    return [
        f"{of.name} has {of.score} of {POINTS}, at least {wanted} is asked for"
        for of, wanted in asked
        if of.score < wanted
    ]
