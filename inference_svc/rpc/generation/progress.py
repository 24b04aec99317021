"""From each picture's steps to one progress of the whole generation: that of the slowest picture."""

from __future__ import annotations

from dataclasses import dataclass

from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one picture, as reported."""

    batch: int
    picture: int
    step: int
    step_count: int
    sigma: float
    batch_rows: int
    stage: t.PictureStage.ValueType = t.PICTURE_STAGE_FIRST_PASS


class ProgressCounter:
    """Counts the steps of the current batch."""

    def __init__(self, *, batch_size: int, batch_count: int) -> None:
        self._batch_size, self._batch_count = batch_size, batch_count
        self._batch = 0
        self._steps: dict[int, int] = {}
        self._slowest = 0

    def count(self, step: Step) -> g.Progress | None:
        """Takes a step in; returns the progress when the slowest picture has got on."""
        if step.batch != self._batch or self._steps.get(step.picture, 0) > step.step:
            self._batch, self._steps, self._slowest = step.batch, {}, 0
        self._steps[step.picture] = step.step
        slowest = min(self._steps.values()) if len(self._steps) == self._batch_size else 0
        if slowest <= self._slowest:
            return None
        self._slowest = slowest
        return self._progress(step, slowest)

    def _progress(self, step: Step, slowest: int) -> g.Progress:
        share = slowest / max(step.step_count, 1)
        return g.Progress(
            step=slowest,
            step_count=step.step_count,
            sigma=step.sigma,
            batch_rows=step.batch_rows,
            batch_index=step.batch,
            batch_count=self._batch_count,
            stage=step.stage,
            fraction=(step.batch + share) / self._batch_count,
        )


def is_due(progress: g.Progress, every: int) -> bool:
    """Tells whether a progress is to be sent: every n steps and at the end of a pass; n = 0: never."""
    return every > 0 and (progress.step % every == 0 or progress.step >= progress.step_count)
