"""The mix of jobs that the benchmarks send, the same for every configuration."""

from __future__ import annotations

import random
from dataclasses import dataclass

SIZES = ((128, 128), (192, 128))
STEPS = (4, 20, 50)
SAMPLERS = ("Euler", "Euler a", "DPM++ 2M")


@dataclass(frozen=True, slots=True)
class Job:
    """One picture: width and height in pixels."""

    seed: int
    width: int
    height: int
    steps: int
    sampler: str
    prompt: str = "a red house under a starry sky"
    guidance: float = 3.0


def mixed_jobs(count: int, seed: int = 7) -> list[Job]:
    """`count` jobs with equal numbers of 4, 20 and 50 steps over two sizes, shuffled by `seed`."""
    jobs = [_job(index) for index in range(count)]
    random.Random(seed).shuffle(jobs)
    return jobs


def _job(index: int) -> Job:
    width, height = SIZES[(index // len(STEPS)) % len(SIZES)]
    return Job(index, width, height, STEPS[index % len(STEPS)], SAMPLERS[index % len(SAMPLERS)])
