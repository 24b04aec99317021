"""A request and the states that it goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from inference_svc.engine.events import EngineEvent, Outcome
from inference_svc.work import BatchKey, Pipeline

PipelineFactory: TypeAlias = Callable[[], Pipeline]
Listener: TypeAlias = Callable[[EngineEvent], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What is submitted.

    `batches`: pipelines of each batch of pictures; a batch begins when all pictures of the one before have ended.
    `evaluations`: rows of all pictures, as far as known beforehand, of the kind that `key` is of: denoising, or what
    else takes most of its time. `key`: what these are measured by, for times to the end; None: denoising, never
    estimated. `priority`: higher goes first. `deadline`: a moment of the engine's clock, None for none.
    `held_bytes`: main memory that it takes until its end, as far as known and worth counting.
    """

    request_id: str
    batches: tuple[tuple[PipelineFactory, ...], ...]
    evaluations: int
    listener: Listener
    key: BatchKey | None = None
    priority: int = 0
    deadline: float | None = None
    held_bytes: int = 0

    @property
    def pictures(self) -> int:
        """How many pictures it makes."""
        return sum(map(len, self.batches))


class State(Enum):
    """Where a request stands."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FAILED = "failed"


_NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.WAITING: frozenset({State.RUNNING, State.STOPPED, State.CANCELLED, State.FAILED}),
        State.RUNNING: frozenset({State.SUCCEEDED, State.STOPPED, State.CANCELLED, State.FAILED}),
        State.SUCCEEDED: frozenset(),
        State.STOPPED: frozenset(),
        State.CANCELLED: frozenset(),
        State.FAILED: frozenset(),
    }
)

ENDS: Mapping[Outcome, State] = MappingProxyType({outcome: State(outcome.value) for outcome in Outcome})
"""The state that each outcome ends in."""


class IllegalMove(Exception):
    """A request was asked to go where its state doesn't lead: a defect of the engine."""


def moved(state: State, target: State) -> State:
    """Returns the target if the state leads to it. Raises IllegalMove."""
    if target not in _NEXT[state]:
        raise IllegalMove(f"a request can't go from {state.value} to {target.value}")
    return target
