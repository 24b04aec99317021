"""What can be set about the engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Bounds and shares of the engine.

    `max_waiting`, `max_waiting_pictures`: accepted but not begun; beyond them a request is refused (one that is alone
    may hold more pictures). `max_held_bytes`: of pictures that accepted requests came with and will need beside the
    device, likewise. `max_running`: pictures in the works at a time, whose latents are in memory.
    `reserved_share`: the part of max_running kept for requests shorter than most that run, so that they needn't wait
    for a long one to end. `shortest_share`: of contended slots and ticks, the part that goes to the request with the
    fewest evaluations left; the rest goes to the oldest; below 1, so that nothing starves. `max_batch_rows`: a fixed
    cap in place of the learned one. `compute_threads`: for what is neither model nor sampler.
    """

    max_waiting: int = 64
    max_waiting_pictures: int = 1000
    max_held_bytes: int = 4 * 2**30
    max_running: int = 32
    reserved_share: float = 0.25
    shortest_share: float = 0.5
    max_batch_rows: int | None = None
    compute_threads: int = 2

    @property
    def reserved(self) -> int:
        """Places that only short requests get; at least one place is everybody's."""
        return min(self.max_running - 1, round(self.max_running * self.reserved_share))
