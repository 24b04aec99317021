"""Reproducibility: whoever has the revision has the same run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tools.audit import pins
from tools.audit.checkout import is_committed
from tools.audit.facts import Facts
from tools.audit.reading import content, text
from tools.audit.score import Category, Evidence, Point, Rule, Shown
from tools.audit.withheld import Kind, demand

HOSTED = "pip-audit"
WORKFLOWS = ".github/workflows"


def tree_is_committed(facts: Facts) -> Shown:
    """git's word."""
    demand(bool(facts.here.revision), Kind.MISSING, ".git", "there is no revision")
    demand(not facts.here.dirty, Kind.REFUTED, ".git", "files differ from the revision, or are new to it")
    return (Evidence("revision, without changes", ".git", facts.here.revision),)


def python_is_fixed(facts: Facts) -> Shown:
    """This interpreter and the wheel's, against .python-version."""
    wanted = text(facts.root / ".python-version").strip()
    demand(bool(wanted), Kind.UNREADABLE, ".python-version", "names no version")
    versions = {"the environment": facts.here.python, "the wheel's environment": facts.wheel().python}
    for where, version in versions.items():
        right = f"{version}.".startswith(f"{wanted}.")
        demand(right, Kind.REFUTED, ".python-version", f"{where} has Python {version}, not {wanted}")
    return tuple(Evidence(f"Python of {where}", ".python-version", version) for where, version in versions.items())


def locks_are_hashed(facts: Facts) -> Shown:
    """Every lock: exact versions, hashes, and the bytes of the revision."""
    return tuple(_locked(facts, path) for path in _locks(facts.root))


def environment_is_locked(facts: Facts) -> Shown:
    """What is installed, against the locks of `make dev`."""
    facts.step("dev")
    wanted = tuple(pin for name in pins.INSTALLED_FROM for pin in pins.lock(facts.root / name))
    strays = pins.strays(wanted, facts.here.installed)
    demand(not strays, Kind.REFUTED, "requirements-dev.txt", "; ".join(strays[:3]))
    loose = ", ".join(
        f"{name} {facts.here.installed[name]}" for name in sorted(pins.UNLOCKED & {*facts.here.installed})
    )
    return (
        Evidence("packages installed as locked", "requirements-dev.txt", len({*facts.here.installed} - pins.UNLOCKED)),
        Evidence("packages outside the locks", "requirements-dev.txt", loose or "none"),
    )


def packages_are_audited(facts: Facts) -> Shown:
    """Only the hosting service is asked: elsewhere the rule says that it was not."""
    if not facts.here.hosted:
        return (Evidence(f"step {HOSTED}", "steps.jsonl", "not run here, not counted"),)
    facts.step(HOSTED)
    return (Evidence(f"step {HOSTED}", "steps.jsonl", "succeeded"),)


def actions_are_pinned(facts: Facts) -> Shown:
    """Every `uses:` of every workflow, counted here; the guards looked too."""
    facts.step("guard")
    used = {path: pins.actions(path) for path in sorted((facts.root / WORKFLOWS).glob("*.y*ml"))}
    demand(any(used.values()), Kind.MISSING, WORKFLOWS, "no workflow uses an action")
    loose = [action for actions in used.values() for action in actions if not pins.is_pinned(action)]
    demand(not loose, Kind.REFUTED, WORKFLOWS, f"not pinned: {', '.join(loose)}")
    return tuple(
        Evidence("actions, each by its commit", f"{WORKFLOWS}/{path.name}", len(actions))
        for path, actions in used.items()
        if actions
    )


def generated_is_fresh(facts: Facts) -> Shown:
    """Generated anew and compared by the step."""
    facts.step("proto-fresh")
    return (Evidence("generated code is what the contract gives", "steps.jsonl", "step proto-fresh succeeded"),)


def contract_is_kept(facts: Facts) -> Shown:
    """buf's word."""
    facts.step("buf")
    return (Evidence("the contract breaks no client of the last release", "steps.jsonl", "step buf succeeded"),)


def wheel_works(facts: Facts) -> Shown:
    """Built, installed alone, asked for a picture."""
    wheel = facts.wheel()
    return (
        Evidence(wheel.wheel, "wheel.json", f"sha256 {wheel.sha256}, {wheel.files} files"),
        Evidence("its picture", "wheel.json", f"{wheel.picture.width}x{wheel.picture.height}, {wheel.picture.sha256}"),
    )


def _locks(root: Path) -> list[Path]:
    paths = sorted(root.glob("requirements*.txt"))
    missing = sorted({*pins.INSTALLED_FROM, "requirements.txt"} - {path.name for path in paths})
    demand(not missing, Kind.MISSING, ", ".join(missing), "there is no such lock")
    return paths


def _locked(facts: Facts, path: Path) -> Evidence:
    loose = [str(pin.wish) for pin in pins.lock(path) if not pin.hashes or "==" not in str(pin.wish.specifier)]
    demand(not loose, Kind.REFUTED, path.name, f"without hash or exact version: {', '.join(loose)}")
    same = is_committed(facts.root, path.name, facts.here.committed)
    demand(same, Kind.STALE, path.name, "is not the file of the revision")
    return Evidence("sha256 of the lock, as committed", path.name, hashlib.sha256(content(path)).hexdigest())


CATEGORY = Category(
    "Reproducibility",
    (
        Point(
            "What ran is what is committed, on the Python that is named",
            (
                Rule("no file differs from the revision or is new to it, in any step", tree_is_committed),
                Rule("this Python and the wheel's are those of .python-version", python_is_fixed),
            ),
        ),
        Point(
            "What is installed is what is locked",
            (
                Rule("every lock has exact versions with hashes, and is the file of the revision", locks_are_hashed),
                Rule(
                    "every package here is the locked version, and no other is here but torch and what Python brings",
                    environment_is_locked,
                ),
                Rule("on the hosting service: pip-audit found no known vulnerability", packages_are_audited),
            ),
        ),
        Point(
            "Actions are pinned",
            (Rule("every action of every workflow is named by its commit", actions_are_pinned),),
        ),
        Point(
            "Generated code is fresh",
            (
                Rule("generating anew changes nothing", generated_is_fresh),
                Rule("buf finds style, format and compatibility right", contract_is_kept),
            ),
        ),
        Point(
            "The wheel is built, and works alone",
            (Rule("a wheel was built, installed by itself, and made a picture", wheel_works),),
        ),
    ),
)
