"""A pipeline that is stopped, at every ask it makes."""

from __future__ import annotations

import numpy as np
import pytest

from inference_svc.pipelines import GenerationSpec, InitSettings, SamplingSettings, pictures
from inference_svc.work import Array, DecodeRow, DenoiseRow, Evaluate, Report
from tests.unit.inference_svc.pipelines.toys import Run, compute, run, spec

STEPS = 3


def job(init: bool) -> GenerationSpec:
    return spec(sampling=SamplingSettings("Heun", steps=STEPS), init=InitSettings(strength=1.0) if init else None)


def whole(init: bool) -> Run:
    return run(pictures(job(init))[0][0]())


def stopped_at(number: int, init: bool) -> Run:
    return run(pictures(job(init))[0][0](), stop_at=lambda ask, at: at >= number)


def is_denoising(ask: object) -> bool:
    return isinstance(ask, Evaluate) and isinstance(ask.rows[0], DenoiseRow)


@pytest.mark.parametrize("init", [False, True])
def test_wherever_it_is_stopped_it_gives_the_last_prediction_or_the_finished_picture(init: bool) -> None:
    complete = whole(init)
    denoising = [number for number, ask in enumerate(complete.asks) if is_denoising(ask)]
    for number, ask in enumerate(complete.asks):
        if isinstance(ask, Report):
            continue
        seen = stopped_at(number, init)
        if number <= denoising[0]:
            assert seen.pictures == []
        elif number <= denoising[-1]:
            assert np.array_equal(seen.picture.pixels, last_prediction(seen))
        else:
            assert seen.picture.data == complete.picture.data


def last_prediction(seen: Run) -> Array:
    """The decoded latents are not those of the last step's state, but the last prediction."""
    (decoding,) = [ask.rows[0] for ask in seen.asks if isinstance(ask, Evaluate) and isinstance(ask.rows[0], DecodeRow)]
    assert not any(np.array_equal(decoding.latents, done.state.x) for done in seen.steps)
    assert not seen.steps or seen.steps[-1].denoised.shape == decoding.latents.shape
    return compute(decoding)


def test_nothing_is_evaluated_any_more_after_the_stop() -> None:
    denoising = [number for number, ask in enumerate(whole(False).asks) if is_denoising(ask)]
    seen = stopped_at(denoising[2], False)
    assert sum(map(is_denoising, seen.asks)) == 3


def test_between_two_steps_the_last_prediction_is_the_one_that_was_reported() -> None:
    denoising = [number for number, ask in enumerate(whole(False).asks) if is_denoising(ask)]
    seen = stopped_at(denoising[2], False)
    assert np.array_equal(seen.picture.pixels, compute(DecodeRow("toy", seen.steps[-1].denoised)))
