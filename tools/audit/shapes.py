"""The shapes of the evidence files that are JSON; what a file says beyond them is not looked at."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Several = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0)]


class Shape(BaseModel):
    """Read strictly: a number in quotes is no number."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Step(Shape):
    """A line of steps.jsonl: one step of the run, with its exit status and the checkout that it ran on."""

    step: Name
    status: int
    started: AwareDatetime
    seconds: Seconds
    revision: Revision
    dirty: bool


class Picture(Shape):
    """A picture that was made, in pixels."""

    width: Several
    height: Several
    sha256: Sha256


class Event(Shape):
    """Something that happened to the pair, so many seconds after it was started."""

    at_s: Seconds
    what: Name


class Smoke(Shape):
    """smoke.json: the pair booted as a user boots it."""

    port: int
    engine: Name
    events: tuple[Event, ...]
    exit_status: int
    picture: Picture
    error: str


class Process(Shape):
    """One process of the determinism check."""

    hash_seed: int | str
    order_seed: int | str
    pictures: Annotated[dict[str, Sha256], Field(min_length=1)]


class Determinism(Shape):
    """determinism.json: the same pictures made in several processes."""

    processes: tuple[Process, ...]
    identical: bool
    differing: tuple[str, ...]


class Wheel(Shape):
    """wheel.json: the wheel, and what it did in an environment that had nothing else."""

    wheel: Name
    sha256: Sha256
    files: Several
    python: Name
    engine: Name
    picture: Picture
    ready_s: Annotated[float, Field(gt=0)]


class Check(Shape):
    """One guard and how much it found."""

    name: Name
    findings: Count


class Guard(Shape):
    """guard.json."""

    checks: tuple[Check, ...]


class Lines(Shape):
    """What coverage counts of a file, or of all of them."""

    covered_lines: Count
    num_statements: Count
    covered_branches: Count
    num_branches: Count

    @property
    def percent(self) -> float:
        """Lines and branches together, as coverage counts them; nothing to cover is covered."""
        possible = self.num_statements + self.num_branches
        return 100.0 if possible == 0 else 100.0 * (self.covered_lines + self.covered_branches) / possible


class Total(Lines):
    """The total, with coverage's own figure."""

    percent_covered: float


class Measured(Shape):
    """A file that was measured."""

    summary: Lines


class Meta(Shape):
    """How it was measured."""

    branch_coverage: bool


class Coverage(Shape):
    """coverage.json, as `coverage json` writes it."""

    meta: Meta
    files: Annotated[dict[str, Measured], Field(min_length=1)]
    totals: Total
