"""A fake device that evaluates only when a test lets it."""

from __future__ import annotations

from threading import Semaphore

from inference_svc.engine import EngineSettings
from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.fake.facts import fake_facts
from inference_svc.fake.runner import FakeRunner, Misbehaviour
from inference_svc.rpc.backend import Backend


class Gate:
    """Holds every batch of evaluations back until it is let through."""

    def __init__(self) -> None:
        self._permits = Semaphore(0)
        self._open = False
        self.runner = FakeRunner(fake_facts(), Misbehaviour(step_time_s=1.0), sleep=self._wait)

    def _wait(self, _: float) -> None:
        if not self._open:
            self._permits.acquire()

    @property
    def begun(self) -> int:
        """Batches that have reached the gate."""
        return self.runner.denoise_batches

    def let(self, batches: int = 1) -> None:
        """Lets so many batches through."""
        for _ in range(batches):
            self._permits.release()

    def open(self) -> None:
        """Holds nothing back any more."""
        self._open = True
        self._permits.release(1000)

    def backend(self, settings: EngineSettings | None = None) -> Backend:
        """The fake on this device."""
        return fake_backend(FakeOptions(), settings, runner=self.runner)
