"""Goes on with generations, and makes the points from which others can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from inference_svc.pipelines import (
    DELIVERED,
    NOWHERE,
    GenerationSpec,
    Stage,
    Standing,
    Standings,
    StepDone,
    pass_number,
    standing_after,
)
from inference_svc.rpc.conversion.resume import resume_point
from inference_svc.rpc.conversion.resume_identity import Identity, identity_of
from inference_svc.rpc.conversion.resume_reading import read_resume_point
from inference_svc.rpc.conversion.spec import Job
from inference_svc.rpc.conversion.stages import STAGES
from inference_svc.rpc.generation.progress import Step
from inference_svc.sampling import sigma_reached
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a generation begins. `identity`: None where no points are made of it."""

    standings: Standings = field(default_factory=lambda: NOWHERE)
    identity: Identity | None = None

    @property
    def delivered(self) -> int:
        """How many pictures another server has sent already."""
        return sum(standing.stage is Stage.DELIVERED for standing in self.standings.values())

    @property
    def held_bytes(self) -> int:
        """Of the states that pictures are gone on with from."""
        return sum(standing.held_bytes for standing in self.standings.values())


def beginning_of(request: g.GenerateImageRequest, job: Job, spec: GenerationSpec) -> Beginning:
    """Returns where a request begins. Takes a while with pictures: not for the event loop's thread.

    Raises FailedPrecondition and InvalidArgument for a resume point that is not of this request, see
    `read_resume_point`.
    """
    identity = identity_of(request, job)
    standings = read_resume_point(request.resume_from, identity, spec) if request.HasField("resume_from") else NOWHERE
    return Beginning(standings, identity)


def is_resumable(request: g.GenerateImageRequest) -> bool:
    """Tells whether a request goes on from a point, or wants points to be made."""
    return request.HasField("resume_from") or request.events.resume_every > 0


class Points:
    """Where the pictures of a generation stand, told every n steps of its progress; kept only where that is wanted."""

    def __init__(self, resolved: g.GenerateImageRequest, beginning: Beginning) -> None:
        self._every, self._batch_size = resolved.events.resume_every, resolved.batch_size
        self._identity = beginning.identity if self._every else None
        self._standings: dict[int, Standing] = dict(beginning.standings) if self._every else {}
        self._batch, self._last, self._steps = 0, (-1, t.PICTURE_STAGE_UNSPECIFIED, 0), 0

    def began(self, progress: g.Progress) -> None:
        """Takes in the progress that another server has made; steps count from there."""
        self._last = (progress.batch_index, progress.stage, progress.step)

    def stepped(self, batch: int, done: StepDone) -> None:
        """Takes in a step of a picture. What belongs to batches before is over, even if it has never begun."""
        if self._identity is None:
            return
        if batch > self._batch:
            self._batch = batch
            self._standings.update(dict.fromkeys(range(batch * self._batch_size), DELIVERED))
        self._standings[done.index] = standing_after(done)

    def over(self, picture: int) -> None:
        """Takes in that a picture is delivered, or ended without one."""
        if self._identity is not None:
            self._standings[picture] = DELIVERED

    def due(self, progress: g.Progress) -> t.ResumePoint | None:
        """Returns a point where n steps of progress have been made since the last one."""
        if self._identity is None:
            return None
        self._count(progress)
        if self._steps < self._every:
            return None
        self._steps = 0
        return resume_point(self._identity, self._standings)

    def _count(self, progress: g.Progress) -> None:
        batch, stage, step = self._last
        self.began(progress)
        self._steps += progress.step - (step if (batch, stage) == self._last[:2] else 0)


def steps_at(spec: GenerationSpec, standings: Standings) -> Iterator[Step]:
    """Yields the last step of every picture, of those that have come anywhere, of the batch that is gone on with."""
    first = 0
    for batch, pictures in enumerate(spec.batches):
        indices = range(first, first + len(pictures))
        first += len(pictures)
        if any(standings.get(index) is not DELIVERED for index in indices):
            yield from (_step(spec, batch, index, standings[index]) for index in indices if index in standings)
            return


def _step(spec: GenerationSpec, batch: int, index: int, standing: Standing) -> Step:
    number, counts = pass_number(spec, standing.stage), [part.plan.step_count for part in spec.passes]
    plan, state = spec.passes[number].plan, standing.state
    return Step(
        batch=batch,
        picture=index,
        step=counts[number] if state is None or state.done else state.step,
        step_count=counts[number],
        sigma=0.0 if state is None else sigma_reached(plan, state),
        batch_rows=0,
        stage=STAGES[Stage.HIRES_PASS if number else Stage.FIRST_PASS],
        steps_before=sum(counts[:number]),
        steps_in_all=sum(counts),
        pass_count=len(counts),
    )
