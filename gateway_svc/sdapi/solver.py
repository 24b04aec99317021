"""Names of samplers and schedules, read as A1111 1.10 reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

AUTOMATIC: Final = "automatic"
FALLBACK: Final = "DPM++ 2M"
SAME_SAMPLER: Final = "Use same sampler"
SAME_SCHEDULER: Final = "Use same scheduler"


class UnknownSampler(Exception):
    """No sampler has that name."""


class Scheduler(Protocol):
    """What of a schedule matters here."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Solver:
    """Which sampler walks which schedule, and what had to be changed for that."""

    sampler: str
    scheduler: str
    warnings: tuple[str, ...] = ()


def resolve(name: str, scheduler: str | None, samplers: Mapping[str, str], schedulers: Sequence[Scheduler]) -> Solver:
    """A sampler's exact name, or one with a schedule behind it: "DPM++ 2M Karras".

    `samplers`: names, each with the schedule of its own, empty for none; asked for by name that one is automatic.
    A scheduler given by itself wins over one in the name. What nobody knows becomes "DPM++ 2M", or automatic.
    """
    sampler, suffix = _split(name, schedulers)
    warnings = []
    if samplers and sampler not in samplers:
        known = FALLBACK if FALLBACK in samplers else next(iter(samplers))
        warnings.append(f'sampler "{name}" is not known: "{known}" was used')
        sampler = known
    found = _scheduler(scheduler, schedulers) if scheduler else suffix
    if found is None:
        warnings.append(f'scheduler "{scheduler}" is not known: "Automatic" was used')
    own = found is not None and found == samplers.get(sampler)
    return Solver(sampler, AUTOMATIC if own or found is None else found, tuple(warnings))


def second(
    first: Solver,
    name: str | None,
    scheduler: str | None,
    samplers: Mapping[str, str],
    schedulers: Sequence[Scheduler],
) -> Solver:
    """The solver of a second pass: the first's, but for what is named. Raises UnknownSampler: names are exact here."""
    sampler = name if name and name != SAME_SAMPLER else first.sampler
    if name and sampler != first.sampler and samplers and sampler not in samplers:
        raise UnknownSampler(sampler)
    if not scheduler or scheduler == SAME_SCHEDULER:
        return Solver(sampler, first.scheduler, first.warnings)
    found = _scheduler(scheduler, schedulers)
    if found is not None and found == samplers.get(sampler):
        found = AUTOMATIC
    said = () if found else (f'hr_scheduler "{scheduler}" is not known: "Automatic" was used',)
    return Solver(sampler, found or AUTOMATIC, first.warnings + said)


def _split(name: str, schedulers: Sequence[Scheduler]) -> tuple[str, str]:
    for scheduler in schedulers:
        for word in _names(scheduler):
            if name.endswith(" " + word):
                return name[: -len(word) - 1], scheduler.name
    return name, AUTOMATIC


def _scheduler(name: str, schedulers: Sequence[Scheduler]) -> str | None:
    return next((s.name for s in schedulers if name in (s.name, s.label)), None)


def _names(scheduler: Scheduler) -> Iterator[str]:
    yield from (scheduler.label, scheduler.name, *scheduler.aliases)
