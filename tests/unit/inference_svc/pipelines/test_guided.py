"""What holds when, and how parts are joined."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines.conditioning import Conditioning, ConditioningPart, ConditioningSegment
from inference_svc.pipelines.guided import Guided
from inference_svc.pipelines.spec import GuidanceSettings, SamplingSettings
from inference_svc.sampling import SamplerState, first_state
from inference_svc.sampling.guidance import combine
from inference_svc.work import Array, Ask, DenoiseRow, Evaluate
from tests.unit.inference_svc.pipelines.toys import compute, spec


def context(value: float) -> np.ndarray[Any, Any]:
    return np.full((1, 77, 3), value, np.float32)


def held(*values: tuple[int, float]) -> tuple[ConditioningSegment, ...]:
    return tuple(ConditioningSegment(last, context(value)) for last, value in values)


def prompt(*parts: tuple[float, float]) -> Conditioning:
    """Parts of a weight and a context's value, each to the end."""
    return Conditioning(tuple(ConditioningPart(weight, held((99, value))) for weight, value in parts))


def equal(left: Array | None, right: Array) -> bool:
    return left is not None and np.array_equal(left, right)


def first_step(guided: Guided, sampler: str = "Euler") -> tuple[SamplerState, list[DenoiseRow]]:
    job = spec(sampling=SamplingSettings(sampler))
    steps: Generator[Ask, Any, SamplerState] = guided.step(job.plan, first_state(job.plan, job.latent_shape))
    ask, asked = next(steps), list[DenoiseRow]()
    try:
        while isinstance(ask, Evaluate):
            asked.extend(row for row in ask.rows if isinstance(row, DenoiseRow))
            ask = steps.send(tuple(map(compute, ask.rows)))
    except StopIteration as end:
        return end.value, asked
    raise TypeError(ask)


@pytest.mark.parametrize(("evaluation", "value"), [(0, 1.0), (3, 1.0), (4, 2.0), (6, 2.0), (7, 3.0), (50, 3.0)])
def test_a_segment_holds_to_its_last_evaluation_and_the_last_one_to_the_end(evaluation: int, value: float) -> None:
    part = ConditioningPart(1.0, held((3, 1.0), (6, 2.0), (9, 3.0)))
    assert part.at(evaluation).flat[0] == value


def test_the_parts_of_a_prompt_and_the_negative_prompt_are_one_ask_and_are_joined_by_weight() -> None:
    guided = Guided("toy", GuidanceSettings(5.0), prompt((1.0, 0.1), (-0.5, 0.2)), prompt((1.0, 0.3)), 20)
    _, rows = first_step(guided)
    first, second, uncond = (compute(row) for row in rows)
    assert equal(guided.denoised, combine([(first, 1.0), (second, -0.5)], uncond, 5.0))


def test_without_a_negative_prompt_the_first_part_stands_in_for_it() -> None:
    guided = Guided("toy", GuidanceSettings(5.0), prompt((1.0, 0.1), (0.5, 0.2)), None, 20)
    _, rows = first_step(guided)
    first, second = (compute(row) for row in rows)
    assert equal(guided.denoised, combine([(first, 1.0), (second, 0.5)], first, 5.0))


def test_a_single_part_without_a_negative_prompt_is_its_own_prediction() -> None:
    guided = Guided("toy", GuidanceSettings(1.0), prompt((1.0, 0.1)), None, 20)
    state, (row,) = first_step(guided)
    assert equal(guided.denoised, compute(row))
    assert state.step == 1


def test_each_evaluation_of_a_step_has_its_own_place_among_the_segments() -> None:
    cond = Conditioning((ConditioningPart(1.0, held((0, 0.1), (99, 0.2))),))
    _, rows = first_step(Guided("toy", GuidanceSettings(1.0), cond, None, 40), "Heun")
    assert [row.context.flat[0] for row in rows] == [np.float32(0.1), np.float32(0.2)]
