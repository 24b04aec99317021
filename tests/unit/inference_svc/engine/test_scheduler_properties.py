"""Nothing starves, nothing is lost, nothing runs twice: for any jobs, sizes and limits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.engine.scheduler import Scheduler, Terms
from inference_svc.work import BatchKey, Kind

KEYS = [BatchKey(kind, "m", (size,)) for kind in Kind for size in (1, 2)]


@dataclass
class Job:
    """Asks for so many rows at a time, so many times, of the keys in turn."""

    steps: int
    width: int
    keys: list[BatchKey]
    done: int = 0
    open: int = 0


jobs = st.builds(
    Job, steps=st.integers(1, 12), width=st.integers(1, 5), keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)
)


def ask(queue: Scheduler[str], name: str, job: Job) -> None:
    key = job.keys[job.done % len(job.keys)]
    job.open = job.width
    queue.ask(name, [(f"{name} {job.done} {row}", key) for row in range(job.width)])


def run_all(queue: Scheduler[str], work: dict[str, Job], limit: int) -> Counter[str]:
    """Runs ticks until nothing is ready; returns how often each row ran."""
    ran: Counter[str] = Counter()
    while (batch := queue.schedule(0.0)) is not None:
        assert 1 <= len(batch.rows) <= limit
        ran.update(batch.rows)
        for row in batch.rows:
            name = row.split()[0]
            job = work[name]
            queue.progressed(name, 1)
            job.open -= 1
            if job.open == 0:
                job.done += 1
                if job.done < job.steps:
                    ask(queue, name, job)
    return ran


@given(
    work=st.lists(jobs, min_size=1, max_size=8), limit=st.integers(1, 9), share=st.sampled_from([0.0, 0.25, 0.5, 0.9])
)
@settings(max_examples=60)
def test_every_row_runs_exactly_once(work: list[Job], limit: int, share: float) -> None:
    queue: Scheduler[str] = Scheduler(limit=lambda key, ready: limit, shortest_share=share)
    named = {f"job{number}": job for number, job in enumerate(work)}
    for arrival, (name, job) in enumerate(named.items()):
        queue.enter(name, Terms(arrival, job.steps * job.width))
        ask(queue, name, job)
    ran = run_all(queue, named, limit)
    assert set(ran.values()) == {1}
    assert sum(ran.values()) == sum(job.steps * job.width for job in work)


@given(
    old=jobs,
    limit=st.integers(1, 4),
    share=st.sampled_from([0.0, 0.5, 0.75]),
    flood=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4),
)
@settings(max_examples=60)
def test_an_old_job_ends_however_many_short_ones_keep_coming(
    old: Job, limit: int, share: float, flood: list[BatchKey]
) -> None:
    """Each tick as many new jobs come as there are slots, all shorter than the old one, of any kind."""
    queue: Scheduler[str] = Scheduler(limit=lambda key, ready: limit, shortest_share=share)
    queue.enter("old", Terms(0, 1000))
    ask(queue, "old", old)
    ticks = 0
    while old.done < old.steps:
        ticks += 1
        for number in range(limit):
            name = f"new{ticks}.{number}"
            queue.enter(name, Terms(ticks, 1))
            queue.ask(name, [(f"{name} 0 0", flood[(ticks + number) % len(flood)])])
        batch = queue.schedule(0.0)
        for row in batch.rows if batch else ():
            name = row.split()[0]
            if name != "old":
                continue
            old.open -= 1
            if old.open == 0:
                old.done += 1
                if old.done < old.steps:
                    ask(queue, name, old)
        assert ticks <= 9 * 4 * 4 * old.steps * old.width  # kinds, ticks, slots
