"""The states of a generation are a table."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest

from inference_svc.rpc.generation.journal import Journal
from inference_svc.rpc.generation.progress import ProgressCounter, Step, is_due
from inference_svc.rpc.generation.record import Birth, Record
from inference_svc.rpc.generation.tasks import Tasks
from latentwire.errors import Aborted, Cancelled, OutOfRange
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_STATES = t.GenerationState.values()[1:]
_ENDS = {t.GENERATION_STATE_SUCCEEDED, t.GENERATION_STATE_CANCELLED, t.GENERATION_STATE_FAILED}
_ALLOWED = {
    *((t.GENERATION_STATE_WAITING, end) for end in _ENDS),
    *((t.GENERATION_STATE_RUNNING, end) for end in _ENDS),
    (t.GENERATION_STATE_WAITING, t.GENERATION_STATE_RUNNING),
}


def _record() -> Record:
    return Record(Birth("r", 1, "m", 1, 1), Journal("r"), clock=lambda: 5.0)


@pytest.mark.parametrize(("before", "after"), list(product(_STATES, _STATES)))
def test_only_the_moves_of_the_table_are_made(
    before: t.GenerationState.ValueType, after: t.GenerationState.ValueType
) -> None:
    record = _record()
    record.state = before
    if (before, after) in _ALLOWED:
        record.move(after)
        assert record.state == after
    else:
        with pytest.raises(ValueError, match="can't go from"):
            record.move(after)
        assert record.state == before


def test_the_end_of_a_cancelled_generation_is_told_to_late_readers() -> None:
    record = _record()
    record.end(t.GENERATION_STATE_CANCELLED, Cancelled("no"))
    reader = record.attach()
    assert (record.end_time, record.cancelled, reader.unsent) == (5.0, True, 0)


def test_a_reader_can_begin_only_where_there_is_something() -> None:
    with pytest.raises(OutOfRange):
        _record().attach(1)


def test_a_record_without_a_task_has_none_of_its_words() -> None:
    birth = Birth("r", 1, "m", 1, 1)
    assert (birth.task_id, birth.owner, birth.task_kind) == ("", "", "")


def test_progress_is_that_of_the_slowest_picture() -> None:
    counter = ProgressCounter(batch_size=2, batch_count=2)
    steps = [(0, 0, 1), (0, 0, 2), (0, 1, 1), (0, 1, 2), (1, 2, 1), (1, 3, 1)]
    told = [counter.count(Step(batch, picture, step, 4, 0.5, 8)) for batch, picture, step in steps]
    shown = [(p.batch_index, p.step, p.fraction) for p in told if p is not None]
    assert shown == [(0, 1, 0.125), (0, 2, 0.25), (1, 1, 0.625)]


def test_a_second_pass_is_counted_from_its_start_and_the_whole_over_both() -> None:
    counter = ProgressCounter(batch_size=1, batch_count=1)
    hires = partial(Step, stage=t.PICTURE_STAGE_HIRES_PASS, steps_before=2, steps_in_all=5)
    steps = [*(Step(0, 0, n, 2, 0.5, 8, steps_in_all=5) for n in (1, 2)), *(hires(0, 0, n, 3, 0.5, 8) for n in (1, 3))]
    told = [(p.step, p.step_count, p.fraction) for p in map(counter.count, steps) if p is not None]
    assert told == [(1, 2, 0.2), (2, 2, 0.4), (1, 3, 0.6), (3, 3, 1.0)]


def test_while_a_picture_is_in_its_first_pass_so_is_the_progress() -> None:
    counter = ProgressCounter(batch_size=2, batch_count=1)
    ahead = Step(0, 0, 1, 2, 0.5, 8, t.PICTURE_STAGE_HIRES_PASS, steps_before=2, steps_in_all=4)
    told = [counter.count(step) for step in (ahead, Step(0, 1, 1, 2, 0.5, 8, steps_in_all=4))]
    assert [(p.step, p.stage) for p in told if p is not None] == [(1, t.PICTURE_STAGE_FIRST_PASS)]


def test_progress_goes_on_from_what_another_server_has_done() -> None:
    counter = ProgressCounter(batch_size=2, batch_count=2)
    begun = counter.begin([Step(1, 2, 4, 4, 0.0, 0), Step(1, 3, 2, 4, 0.5, 0)])
    told = counter.count(Step(1, 3, 3, 4, 0.4, 8))
    shown = [(p.batch_index, p.step, p.fraction) for p in (begun, told) if p is not None]
    assert shown == [(1, 2, 0.75), (1, 3, 0.875)]


def test_progress_waits_for_pictures_that_have_not_begun_on_another_server() -> None:
    counter = ProgressCounter(batch_size=2, batch_count=1)
    assert counter.begin([Step(0, 0, 2, 4, 0.5, 0)]) is None
    told = counter.count(Step(0, 1, 1, 4, 0.4, 8))
    assert told is not None
    assert told.step == 1


@pytest.mark.parametrize(
    ("step", "every", "due"), [(1, 1, True), (1, 2, False), (2, 2, True), (5, 2, True), (5, 0, False)]
)
def test_progress_is_due_every_so_many_steps_and_at_the_end(step: int, every: int, due: bool) -> None:
    assert is_due(g.Progress(step=step, step_count=5), every) == due


def test_stopped_tasks_are_remembered_up_to_a_number() -> None:
    tasks = Tasks(most=2)
    for name in ("a", "b", "c"):
        tasks.stop(name, "stopped")
    assert [tasks.stopped(name) for name in ("a", "b", "c")] == [False, True, True]
    tasks.check("a")
    with pytest.raises(Aborted, match="'c' was stopped"):
        tasks.check("c")
