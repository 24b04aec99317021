"""From each picture's steps to one progress of the whole generation: that of the slowest picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one picture, as reported.

    `steps_before`: those of the passes before, `steps_in_all`: of all `pass_count` passes.
    """

    batch: int
    picture: int
    step: int
    step_count: int
    sigma: float
    batch_rows: int
    stage: t.PictureStage.ValueType = t.PICTURE_STAGE_FIRST_PASS
    steps_before: int = 0
    steps_in_all: int = 0
    pass_count: int = 1

    @property
    def position(self) -> int:
        """Steps done, over all passes."""
        return self.steps_before + self.step

    @property
    def share(self) -> float:
        """How much of its picture is done, 0 to 1."""
        return min(1.0, self.position / max(self.steps_in_all, self.steps_before + self.step_count, 1))


class ProgressCounter:
    """Counts the steps of the current batch."""

    def __init__(self, *, batch_size: int, batch_count: int) -> None:
        self._batch_size, self._batch_count = batch_size, batch_count
        self._batch = 0
        self._steps: dict[int, Step] = {}
        self._told = 0

    def begin(self, steps: Iterable[Step]) -> g.Progress | None:
        """Takes in how far another server has come with pictures of a batch; returns the progress, once all began."""
        for step in steps:
            self._batch, self._steps[step.picture] = step.batch, step
        if len(self._steps) < self._batch_size:
            return None
        slowest = self._slowest()
        self._told = slowest.position
        return self._progress(slowest, slowest.batch_rows)

    def count(self, step: Step) -> g.Progress | None:
        """Takes a step in; returns the progress when the slowest picture has got on."""
        if step.batch != self._batch:
            self._batch, self._steps, self._told = step.batch, {}, 0
        self._steps[step.picture] = step
        if len(self._steps) < self._batch_size:
            return None
        slowest = self._slowest()
        if slowest.position <= self._told:
            return None
        self._told = slowest.position
        return self._progress(slowest, step.batch_rows)

    def _slowest(self) -> Step:
        return min(self._steps.values(), key=lambda known: known.position)

    def _progress(self, slowest: Step, batch_rows: int) -> g.Progress:
        return g.Progress(
            step=slowest.step,
            step_count=slowest.step_count,
            sigma=slowest.sigma,
            batch_rows=batch_rows,
            batch_index=slowest.batch,
            batch_count=self._batch_count,
            stage=slowest.stage,
            fraction=(slowest.batch + slowest.share) / self._batch_count,
            pass_count=slowest.pass_count,
        )


def is_due(progress: g.Progress, every: int) -> bool:
    """Tells whether a progress is to be sent: every n steps and at the end of a pass; n = 0: never."""
    return every > 0 and (progress.step % every == 0 or progress.step >= progress.step_count)
