"""The scheduler, driven with strings."""

from __future__ import annotations

from dataclasses import replace

from inference_svc.engine.scheduler import Batch, Scheduler, Terms
from inference_svc.work import BatchKey, Kind

SMALL = BatchKey(Kind.DENOISE, "m", (4, 8, 8), 77)
LARGE = BatchKey(Kind.DENOISE, "m", (4, 16, 16), 77)
DECODE = BatchKey(Kind.DECODE, "m", (4, 8, 8))
PROMPT = BatchKey(Kind.ENCODE_PROMPT, "m", (77,))
TILE = BatchKey(Kind.UPSCALE, "u", (3, 192, 192))
IMAGE = BatchKey(Kind.ENCODE_IMAGE, "m", (3, 64, 64))


def scheduler(limit: int = 8, share: float = 0.5, pace: float | None = None) -> Scheduler[str]:
    return Scheduler(limit=lambda key, ready: limit, pace=lambda key: pace, shortest_share=share)


def enter(
    queue: Scheduler[str], job: str, rows: str = "", *, key: BatchKey = SMALL, evaluations: int = 10, **terms: object
) -> None:
    """Enters a job, older the earlier in the alphabet, that asks for each of the rows separately."""
    queue.enter(job, replace(Terms(ord(job), evaluations), **terms))  # type: ignore[arg-type]
    for row in rows.split():
        queue.ask(job, [(row, key)])


def rows_of(batch: Batch[str] | None) -> list[str]:
    return [] if batch is None else list(batch.rows)


def ticks(queue: Scheduler[str], count: int, now: float = 0.0) -> list[str]:
    """Rows of so many ticks, each tick's joined by blanks."""
    return [" ".join(rows_of(queue.schedule(now))) for _ in range(count)]


def test_nothing_is_scheduled_where_nothing_is_asked_for() -> None:
    queue = scheduler()
    enter(queue, "a")
    assert queue.schedule(0.0) is None


def test_rows_of_one_key_share_a_batch_whoever_asked() -> None:
    queue = scheduler()
    enter(queue, "a", "a1 a2")
    enter(queue, "b", "b1")
    assert queue.schedule(0.0) == Batch(SMALL, ("a1", "a2", "b1"))
    assert queue.schedule(0.0) is None


def test_rows_of_other_keys_wait_for_other_batches() -> None:
    queue = scheduler()
    enter(queue, "a", "a1")
    enter(queue, "b", "b1", key=LARGE)
    assert ticks(queue, 3) == ["a1", "b1", ""]


def test_finishing_goes_before_encoding_and_encoding_before_denoising() -> None:
    queue = scheduler()
    enter(queue, "a", "step")
    enter(queue, "b", "words", key=PROMPT)
    enter(queue, "c", "picture", key=IMAGE)
    enter(queue, "d", "finish", key=DECODE)
    assert ticks(queue, 4) == ["finish", "picture", "words", "step"]


def test_a_kind_that_is_passed_over_eight_times_gets_a_tick() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "step")
    enter(queue, "b", " ".join(f"finish{number}" for number in range(12)), key=DECODE)
    assert ticks(queue, 10).index("step") == 8


def test_tiles_to_upscale_and_steps_take_turns() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "a1 a2 a3", key=TILE)
    enter(queue, "b", "b1 b2 b3")
    assert ticks(queue, 6) == ["b1", "a1", "b2", "a2", "b3", "a3"]


def test_tiles_to_upscale_don_t_keep_a_picture_from_being_finished() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "a1 a2", key=TILE)
    enter(queue, "b", "b1", key=DECODE)
    assert ticks(queue, 3) == ["b1", "a1", "a2"]


def test_patience_starts_anew_after_a_kind_has_had_its_tick() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "step1 step2")
    enter(queue, "b", " ".join(f"finish{number}" for number in range(30)), key=DECODE)
    order = ticks(queue, 20)
    assert [order.index("step1"), order.index("step2")] == [8, 17]


def test_contended_slots_alternate_between_the_oldest_and_the_shortest() -> None:
    queue = scheduler(limit=4)
    enter(queue, "a", "a1 a2 a3 a4", evaluations=50)
    enter(queue, "b", "b1 b2 b3 b4", evaluations=20)
    enter(queue, "c", "c1 c2 c3 c4", evaluations=4)
    assert ticks(queue, 3) == ["a1 c1 a2 c2", "a3 c3 a4 c4", "b1 b2 b3 b4"]


def test_the_share_of_the_shortest_can_be_set() -> None:
    queue = scheduler(limit=4, share=0.25)
    enter(queue, "a", "a1 a2 a3 a4", evaluations=50)
    enter(queue, "b", "b1 b2 b3 b4", evaluations=4)
    assert ticks(queue, 1) == ["a1 a2 a3 b1"]


def test_contended_ticks_alternate_between_the_keys_of_the_oldest_and_of_the_shortest() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "a1 a2", evaluations=50)
    enter(queue, "b", "b1 b2", key=LARGE, evaluations=4)
    assert ticks(queue, 4) == ["a1", "b1", "a2", "b2"]


def test_turns_of_ticks_and_of_slots_do_not_fall_into_step() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "old", evaluations=1000)
    served = []
    for number in range(8):
        enter(queue, chr(ord("b") + number), f"new{number}", key=(LARGE, SMALL)[number % 2], evaluations=1)
        served += ticks(queue, 1)
    assert "old" in served


def test_work_that_is_done_makes_a_job_shorter_but_never_nothing() -> None:
    queue = scheduler(limit=1, share=1.0)
    enter(queue, "a", "a1", evaluations=10)
    enter(queue, "b", "b1", evaluations=5)
    queue.progressed("a", 6)
    assert [queue.remaining("a"), ticks(queue, 1)] == [4, ["a1"]]
    queue.progressed("a", 100)
    assert queue.remaining("a") == 1


def test_an_ask_beyond_the_limit_is_split_over_ticks() -> None:
    queue = scheduler(limit=2)
    enter(queue, "a")
    queue.ask("a", [("a1", SMALL), ("a2", SMALL), ("a3", SMALL)])
    assert ticks(queue, 3) == ["a1 a2", "a3", ""]


def test_rows_of_one_ask_may_have_different_keys() -> None:
    queue = scheduler()
    enter(queue, "a")
    queue.ask("a", [("short", SMALL), ("long", replace(SMALL, context_length=154))])
    assert ticks(queue, 3) == ["short", "long", ""]


def test_rows_that_are_put_back_go_first() -> None:
    queue = scheduler(limit=1)
    enter(queue, "a", "a1 a2")
    queue.ask("a", [("back", SMALL)], first=True)
    assert ticks(queue, 3) == ["back", "a1", "a2"]


def test_age_is_arrival_not_the_order_of_entering() -> None:
    queue = scheduler(limit=1, share=0.0)
    enter(queue, "b", "b1")
    enter(queue, "a", "a1")
    assert ticks(queue, 2) == ["a1", "b1"]


def test_a_held_job_is_passed_over_until_it_is_let_go() -> None:
    queue = scheduler()
    enter(queue, "a", "a1")
    queue.hold("a", held=True)
    assert queue.schedule(0.0) is None
    queue.hold("a", held=False)
    assert ticks(queue, 1) == ["a1"]


def test_a_job_that_leaves_takes_its_rows_along() -> None:
    queue = scheduler()
    enter(queue, "a", "a1")
    enter(queue, "b", "b1")
    queue.leave("a")
    queue.leave("a")
    assert ticks(queue, 2) == ["b1", ""]


def test_withdrawn_rows_are_gone_and_the_others_stay() -> None:
    queue = scheduler()
    enter(queue, "a", "a1")
    queue.ask("a", [("a2", SMALL), ("a3", SMALL)])
    queue.ask("a", [("a4", LARGE)])
    queue.withdraw("a", ["a1", "a2", "a4"])
    assert ticks(queue, 2) == ["a3", ""]


def test_a_higher_priority_takes_the_tick_and_the_slots() -> None:
    queue = scheduler(limit=2)
    enter(queue, "a", "a1 a2")
    enter(queue, "b", "b1", priority=1)
    enter(queue, "c", "c1", key=LARGE, priority=2)
    assert ticks(queue, 3) == ["c1", "b1 a1", "a2"]


def test_a_deadline_that_is_near_outranks_the_older() -> None:
    queue = scheduler(limit=1, pace=0.1)
    enter(queue, "a", "a1 a2", evaluations=10)
    enter(queue, "b", "b1 b2", evaluations=10, deadline=10.0, key=LARGE)
    assert ticks(queue, 2, now=0.0) == ["a1", "a2"]
    enter(queue, "a", "a3")
    assert ticks(queue, 3, now=7.5) == ["b1", "b2", "a3"]


def test_a_deadline_means_nothing_before_the_pace_is_known() -> None:
    queue = scheduler(limit=1, share=0.0)
    enter(queue, "a", "a1")
    enter(queue, "b", "b1", deadline=0.1)
    assert ticks(queue, 2) == ["a1", "b1"]


def test_a_priority_outranks_a_deadline() -> None:
    queue = scheduler(limit=1, pace=1.0)
    enter(queue, "a", "a1", deadline=0.1)
    enter(queue, "b", "b1", priority=1)
    assert ticks(queue, 2) == ["b1", "a1"]


def test_a_limit_below_one_still_runs_a_row() -> None:
    queue = scheduler(limit=0)
    enter(queue, "a", "a1 a2")
    assert ticks(queue, 2) == ["a1", "a2"]
