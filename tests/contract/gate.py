"""A device that evaluates only when a test lets it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Semaphore

from inference_svc.engine import Runner
from inference_svc.work import Array, BatchKey, Kind, ModelFacts, Row


class Gate:
    """Holds every batch of evaluations back until it is let through."""

    def __init__(self) -> None:
        self._permits = Semaphore(0)
        self._open = False
        self.begun = 0
        """Batches that have reached the gate."""

    def before(self, runner: Runner) -> Runner:
        """Returns the runner with this gate before it."""
        return _Gated(self, runner)

    def pass_through(self) -> None:
        """Returns once the batch that comes here may go on."""
        self.begun += 1
        if not self._open:
            self._permits.acquire()

    def let(self, batches: int = 1) -> None:
        """Lets so many batches through."""
        for _ in range(batches):
            self._permits.release()

    def open(self) -> None:
        """Holds nothing back any more."""
        self._open = True
        self._permits.release(1000)


class _Gated:
    """A runner behind a gate."""

    def __init__(self, gate: Gate, runner: Runner) -> None:
        self._gate, self._runner = gate, runner

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        if key.kind is Kind.DENOISE:
            self._gate.pass_through()
        return self._runner.run(key, rows)

    def facts(self, model: str) -> ModelFacts:
        return self._runner.facts(model)

    def max_rows(self, key: BatchKey) -> int | None:
        return self._runner.max_rows(key)
