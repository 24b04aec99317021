"""Every guard by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tools.guard import (
    dependabot,
    doc_commands,
    doc_links,
    dropped,
    external,
    floor,
    floor_history,
    generated,
    hygiene,
    idle_tests,
    installs,
    large,
    locks,
    lost_tests,
    narrowed,
    pinned,
    product,
    renewed,
    steps,
    suites,
    swallowed,
)
from tools.guard.allowed import LIST, allowed, without_allowed
from tools.guard.finding import Finding

Check = Callable[[Path], Iterable[Finding]]

GUARDS: dict[str, Check] = {
    "pinned": pinned.check,
    "swallowed": swallowed.check,
    "dropped": dropped.check,
    "narrowed": narrowed.check,
    "installs": installs.check,
    "hygiene": hygiene.check,
    "dependabot": dependabot.check,
    "steps": steps.check,
    "floor": floor.check,
    "floor-history": floor_history.check,
    "idle-tests": idle_tests.check,
    "lost-tests": lost_tests.check,
    "suites": suites.check,
    "locks": locks.check,
    "released": generated.released,
    "doc-commands": doc_commands.check,
    "doc-links": doc_links.check,
    "product": product.check,
    "large": large.check,
}
# These start other programs, and take seconds together.
SLOWER: dict[str, Check] = {
    "generated": generated.check,
    "renewed": renewed.check,
    "zizmor": external.zizmor,
    "schemas": external.schemas,
}
EVERY = {**GUARDS, **SLOWER}


def findings(root: Path, name: str) -> Iterator[Finding]:
    """What one guard finds in a checkout and the reviewed list does not excuse."""
    return without_allowed(EVERY[name](root), [entry for entry in allowed(root) if entry.guard == name])


def unknown(root: Path) -> Iterator[Finding]:
    """Each entry of the reviewed list that is for no guard."""
    for entry in allowed(root):
        if entry.guard not in EVERY:
            yield Finding(LIST, 1, f"the entry for {entry.path} is for no guard: {entry.guard}")
