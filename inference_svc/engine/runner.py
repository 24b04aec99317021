"""What the engine needs of a runner: the one who holds the models and computes batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inference_svc.work import Array, BatchKey, ModelFacts, Row


class DeviceLost(Exception):
    """The device is gone for good: nothing more can run in this process."""


class Runner(Protocol):
    """Computes batches; knows no request and no queue. Called by one thread only."""

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Returns the result of each row, in the order of rows, whose keys all equal `key`.

        Results are complete when it returns, and each is the same whatever rows it is computed with. Raises
        OutOfMemory, DeviceLost, and whatever else a failed evaluation raises.
        """
        ...

    def facts(self, model: str) -> ModelFacts:
        """Returns what is known of a loaded model. Raises NotFound."""
        ...

    def max_rows(self, key: BatchKey) -> int | None:
        """Returns the most rows that a batch of this key may have; None: no limit of its own."""
        ...
