"""A picture gone on with, from any of its steps, is the picture that it would have been."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines import (
    DELIVERED,
    GenerationSpec,
    HiresSettings,
    InitSettings,
    InpaintSettings,
    PromptedModel,
    RefinerSettings,
    SamplingSettings,
    Stage,
    Standing,
    StepDone,
    evaluations,
    pictures,
    standing_after,
)
from inference_svc.sampling import SAMPLERS
from inference_svc.work import DecodeRow, DenoiseRow, EncodeImageRow, Evaluate, Report
from tests.unit.inference_svc.pipelines.jobs import JOBS
from tests.unit.inference_svc.pipelines.toys import FACTS, OTHER_FACTS, Run, Words, run, spec

OTHER = PromptedModel(OTHER_FACTS, Words())
MASK = np.zeros((40, 56, 3), np.uint8)
MASK[8:20, 16:40] = 255

REFINED: dict[str, GenerationSpec] = {
    name: replace(
        spec(sampling=SamplingSettings(name, steps=20 if name == "Restart" else 6)), refiner=RefinerSettings(OTHER, 0.8)
    )
    for name in SAMPLERS
}
BOTH_REFINED = replace(
    spec(sampling=SamplingSettings("Heun", steps=4)),
    hires=HiresSettings(PromptedModel(FACTS, Words()), (64, 48), (64, 48), sampling=SamplingSettings("Euler", steps=4)),
    refiner=RefinerSettings(OTHER, 0.5, first=True, second=True),
)


def whole(job: GenerationSpec) -> Run:
    return run(pictures(job)[0][0]())


def resumed(job: GenerationSpec, done: StepDone, **options: Any) -> Run:
    return run(pictures(job, {0: standing_after(done)})[0][0](), **options)


def evaluated(seen: Run) -> list[tuple[str, float, bytes]]:
    """Who evaluated what, in order."""
    asked = [row for ask in seen.asks if isinstance(ask, Evaluate) for row in ask.rows]
    return [(row.model, row.sigma, row.x.tobytes()) for row in asked if isinstance(row, DenoiseRow)]


@pytest.mark.parametrize(
    "job", [*JOBS.values(), *REFINED.values(), BOTH_REFINED], ids=[*JOBS, *REFINED, "both refined"]
)
def test_from_any_step_on_all_is_as_if_nothing_had_come_between(job: GenerationSpec) -> None:
    undisturbed = whole(job)
    for number, done in enumerate(undisturbed.steps, 1):
        seen = resumed(job, done)
        assert seen.picture.data == undisturbed.picture.data
        assert decoder(seen)[-1] == decoder(undisturbed)[-1]
        assert [(each.stage, each.step) for each in seen.steps] == [
            (each.stage, each.step) for each in undisturbed.steps[number:]
        ]
        rest = len(evaluated(seen))
        assert evaluated(seen) == evaluated(undisturbed)[len(evaluated(undisturbed)) - rest :]


def test_the_last_step_leaves_nothing_but_decoding() -> None:
    last = whole(JOBS["short"]).steps[-1]
    assert standing_after(last).stage is Stage.DECODING
    assert [type(ask) for ask in resumed(JOBS["short"], last).asks] == [Evaluate, Report]


def test_between_two_passes_the_second_is_still_to_come() -> None:
    between = [done for done in whole(BOTH_REFINED).steps if done.stage is Stage.FIRST_PASS][-1]
    assert (standing_after(between).stage, standing_after(between).refined) == (Stage.FIRST_PASS, True)


def test_a_picture_without_a_mask_is_not_encoded_again() -> None:
    for name, count in (("drawn", 0), ("repainted", 1)):
        seen = resumed(JOBS[name], whole(JOBS[name]).steps[0])
        asked = [row for ask in seen.asks if isinstance(ask, Evaluate) for row in ask.rows]
        assert len([row for row in asked if isinstance(row, EncodeImageRow)]) == count


def test_what_is_delivered_asks_for_nothing() -> None:
    assert run(pictures(JOBS["short"], {0: DELIVERED})[0][0]()).asks == []


STOPPED: dict[str, GenerationSpec] = {
    "from words": spec(sampling=SamplingSettings("Heun", steps=3)),
    "from a picture": spec(init=InitSettings(1.0), sampling=SamplingSettings("Heun", steps=3)),
    "in part": replace(
        spec(init=InitSettings(1.0), sampling=SamplingSettings("DDIM", steps=6)), inpaint=InpaintSettings(MASK)
    ),
    "refined": replace(
        spec(init=InitSettings(1.0), sampling=SamplingSettings("Heun", steps=3)), refiner=RefinerSettings(OTHER, 0.2)
    ),
}


@pytest.mark.parametrize("job", STOPPED.values(), ids=STOPPED)
def test_stopped_before_it_predicts_again_it_gives_what_it_had_predicted(job: GenerationSpec) -> None:
    done = whole(job).steps[1]
    asks = resumed(job, done).asks
    first = next(number for number, ask in enumerate(asks) if is_denoising(ask))
    undisturbed = run(pictures(job)[0][0](), stop_at=after_step(job, 2))
    for number in range(first + 1):
        if not isinstance(asks[number], Report):
            stopped = resumed(job, done, stop_at=lambda _, at, number=number: at >= number)
            assert stopped.picture.data == undisturbed.picture.data
            assert decoder(stopped) == decoder(undisturbed)


def is_denoising(ask: object) -> bool:
    return isinstance(ask, Evaluate) and isinstance(ask.rows[0], DenoiseRow)


def after_step(job: GenerationSpec, step: int) -> Callable[[object, int], bool]:
    """Picks the first evaluation after a step."""
    reports = [number for number, ask in enumerate(whole(job).asks) if isinstance(ask, Report)]
    return lambda _, at: at > reports[step - 1]


def decoder(seen: Run) -> list[str]:
    """Who decoded."""
    asked = [row for ask in seen.asks if isinstance(ask, Evaluate) for row in ask.rows]
    return [row.model for row in asked if isinstance(row, DecodeRow)]


def test_what_is_over_is_not_counted_as_still_to_do() -> None:
    job = JOBS["enlarged"]
    steps = whole(job).steps
    first, second = steps[1], steps[-2]
    left = [evaluations(job, {0: standing}) for standing in (standing_after(first), standing_after(second), DELIVERED)]
    assert evaluations(job) == 2 * 2 * (3 + 4)
    assert left == [28 - 2 * 2, 28 - 2 * (3 + 3), 28 - 2 * 7]


def test_a_state_in_another_array_makes_the_same_bytes() -> None:
    """What comes from the wire can't be written to."""
    undisturbed = whole(JOBS["job LMS"])
    done = undisturbed.steps[3]
    state = done.state
    again = replace(state, x=read_only(state.x), history=tuple(map(read_only, state.history)))
    standing = Standing(Stage.FIRST_PASS, again, read_only(done.denoised))
    assert run(pictures(JOBS["job LMS"], {0: standing})[0][0]()).picture.data == undisturbed.picture.data


def read_only(array: Any) -> Any:
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)
