"""What the engine wants to know beforehand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference_svc.pipelines import (
    GuidanceSettings,
    InitSettings,
    SamplingSettings,
    batch_key,
    evaluations,
    pictures,
    plan_of,
)
from inference_svc.work import BatchKey, Kind
from latentwire.errors import InvalidArgument
from tests.unit.inference_svc.pipelines.toys import run, spec


def test_pictures_count_through_all_batches() -> None:
    job = spec(seeds=(1, 2), sampling=SamplingSettings(steps=1))
    job = replace(job, batches=job.batches * 2)
    made = [[run(make()).picture.index for make in batch] for batch in pictures(job)]
    assert made == [[0, 1], [2, 3]]


def test_all_pictures_share_the_plan_but_for_their_noise() -> None:
    job = spec(seeds=(1, 2))
    assert plan_of(job) is plan_of(job)
    assert plan_of(job).noise.sigma_max == pytest.approx(14.6146, abs=1e-3)


@pytest.mark.parametrize(
    ("sampler", "scale", "seeds", "rows"),
    [("Euler", 7.0, (0,), 40), ("Euler", 1.0, (0,), 20), ("Heun", 7.0, (0, 1), 160), ("DDIM", 7.0, (0,), 38)],
)
def test_evaluations_are_rows_over_all_pictures(sampler: str, scale: float, seeds: tuple[int, ...], rows: int) -> None:
    job = spec(seeds=seeds, sampling=SamplingSettings(sampler), guidance=GuidanceSettings(scale))
    assert evaluations(job) == rows


def test_image_to_image_counts_the_steps_that_its_strength_leaves() -> None:
    assert evaluations(spec(init=InitSettings(0.5))) == 22


def test_each_part_of_a_prompt_is_evaluated_by_itself() -> None:
    assert evaluations(spec(prompt="a AND b AND c:2", negative_prompt="d AND e")) == 20 * (3 + 1)


def test_the_key_is_the_model_and_the_latents_shape() -> None:
    assert batch_key(spec()) == BatchKey(Kind.DENOISE, "toy", (4, 3, 4))


def test_what_can_not_be_planned_is_refused_before_anything_is_made() -> None:
    with pytest.raises(InvalidArgument, match="sampler"):
        pictures(spec(sampling=SamplingSettings("Eulr")))
