"""When points are made, and where a generation begins that goes on from one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference_svc.pipelines import (
    DELIVERED,
    GenerationSpec,
    HiresSettings,
    PromptedModel,
    SamplingSettings,
    Stage,
    Standing,
    Standings,
    StepDone,
)
from inference_svc.rpc.conversion.resume_identity import Identity
from inference_svc.rpc.generation.progress import Step
from inference_svc.rpc.generation.resuming import Beginning, Points, steps_at
from inference_svc.sampling import SamplerState
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.unit.inference_svc.pipelines.toys import FACTS, Words, spec

_LATENTS = np.zeros((1, 4, 2, 2), np.float32)
_IDENTITY = Identity(b"digest", ("model",))


def _points(every: int, batch_size: int = 1, standings: Standings | None = None) -> Points:
    resolved = g.GenerateImageRequest(batch_size=batch_size, events=g.EventOptions(resume_every=every))
    return Points(resolved, Beginning(standings or {}, _IDENTITY))


def _done(index: int, step: int) -> StepDone:
    return StepDone(index, step, 4, 0.5, Stage.FIRST_PASS, SamplerState(_LATENTS, step), _LATENTS)


def _progress(step: int, batch: int = 0, stage: t.PictureStage.ValueType = t.PICTURE_STAGE_FIRST_PASS) -> g.Progress:
    return g.Progress(step=step, batch_index=batch, stage=stage)


def _standings(points: Points) -> list[tuple[int, int]]:
    """Index and steps of every picture; -1: delivered."""
    message = points.due(_progress(1))
    assert message is not None
    delivered = t.PICTURE_STAGE_DELIVERED
    return [(each.index, -1 if each.stage == delivered else each.state.step) for each in message.pictures]


@pytest.mark.parametrize(
    ("every", "due"), [(1, [1, 2, 3, 4, 1, 2]), (2, [2, 4, 2]), (3, [3, 2]), (5, [1]), (7, []), (0, [])]
)
def test_a_point_is_due_after_so_many_steps_counted_on_over_batches(every: int, due: list[int]) -> None:
    points = _points(every)
    progress = [*(_progress(step) for step in (1, 2, 3, 4)), *(_progress(step, batch=1) for step in (1, 2))]
    assert [each.step for each in progress if points.due(each) is not None] == due


def test_steps_that_progress_passes_over_count() -> None:
    points = _points(3)
    assert [points.due(_progress(step)) is not None for step in (2, 5, 6)] == [False, True, False]


def test_a_second_pass_counts_from_its_start() -> None:
    points = _points(4)
    second = t.PICTURE_STAGE_HIRES_PASS
    told = [_progress(2), _progress(3), _progress(1, stage=second), _progress(2, stage=second)]
    assert [points.due(each) is not None for each in told] == [False, False, True, False]


def test_a_point_has_the_newest_step_of_each_picture() -> None:
    points = _points(1, batch_size=2)
    for done in (_done(0, 1), _done(1, 1), _done(1, 2)):
        points.stepped(0, done)
    assert _standings(points) == [(0, 1), (1, 2)]


def test_a_picture_that_is_over_is_delivered() -> None:
    points = _points(1, batch_size=2)
    points.stepped(0, _done(0, 1))
    points.over(1)
    assert _standings(points) == [(0, 1), (1, -1)]


def test_what_was_left_out_of_an_earlier_batch_does_not_come_back() -> None:
    points = _points(1, batch_size=2)
    points.stepped(0, _done(0, 1))
    points.stepped(1, _done(2, 1))
    assert _standings(points) == [(0, -1), (1, -1), (2, 1)]


def test_steps_are_counted_on_from_those_of_another_server() -> None:
    points = _points(3)
    points.began(_progress(4))
    assert [points.due(_progress(step)) is not None for step in (5, 6, 7)] == [False, False, True]


def test_what_another_server_has_told_is_told_on() -> None:
    before = {0: DELIVERED, 1: Standing(Stage.FIRST_PASS, SamplerState(_LATENTS, 3), _LATENTS)}
    points = _points(1, batch_size=3, standings=before)
    points.stepped(0, _done(2, 1))
    assert _standings(points) == [(0, -1), (1, 3), (2, 1)]


def test_without_points_no_state_is_kept() -> None:
    points = _points(0)
    points.stepped(0, _done(0, 1))
    points.over(0)
    assert (points.due(_progress(4)), points._standings) == (None, {})


def _job() -> GenerationSpec:
    sampling = SamplingSettings(steps=4)
    job = spec(seeds=(1, 2), sampling=sampling)
    hires = HiresSettings(PromptedModel(FACTS, Words()), (64, 48), (64, 48), sampling=replace(sampling, steps=3))
    return replace(job, batches=job.batches * 2, hires=hires)


def test_steps_are_those_of_the_first_batch_that_is_not_delivered() -> None:
    state = SamplerState(_LATENTS, 2)
    standings = {0: DELIVERED, 1: DELIVERED, 2: DELIVERED, 3: Standing(Stage.HIRES_PASS, state, _LATENTS)}
    steps = list(steps_at(_job(), standings))
    assert [(step.batch, step.picture, step.step, step.step_count, step.position) for step in steps] == [
        (1, 2, 3, 3, 7),
        (1, 3, 2, 3, 6),
    ]
    assert {step.stage for step in steps} == {t.PICTURE_STAGE_HIRES_PASS}
    assert steps[1].sigma == _job().passes[1].plan.transitions[1].sigma_next


def test_where_nothing_or_everything_is_done_there_are_no_steps() -> None:
    nothing: list[Step] = []
    assert list(steps_at(_job(), {})) == nothing
    assert list(steps_at(_job(), dict.fromkeys(range(4), DELIVERED))) == nothing


def test_delivered_pictures_are_counted() -> None:
    standing = Standing(Stage.FIRST_PASS, SamplerState(_LATENTS, 2), _LATENTS)
    assert Beginning({0: DELIVERED, 1: standing}).delivered == 1


def test_what_a_beginning_holds_is_counted() -> None:
    standing = Standing(Stage.FIRST_PASS, SamplerState(_LATENTS, 2, history=(_LATENTS,)), _LATENTS)
    assert Beginning({0: DELIVERED, 1: standing}).held_bytes == 3 * _LATENTS.nbytes
