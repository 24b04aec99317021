"""Slow noise is made before the step that uses it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inference_svc.sampling import (
    SAMPLERS,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplingPlan,
    first_state,
    make_plan,
    noise_ahead,
    solve_step,
)

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 6, 8)
BROWNIAN = [name for name, spec in SAMPLERS.items() if spec.brownian]


def plan_of(sampler: str, seed: int, eta: float | None = None) -> SamplingPlan:
    options = SamplerOptions(eta=eta)
    return make_plan(sampler=sampler, steps=3, model=MODEL, noise=NoiseSpec(seed=seed), options=options)


def predict(x: Any, sigma: float) -> Prediction:
    return Prediction(x / (1 + sigma * sigma))


@pytest.mark.parametrize("sampler", BROWNIAN)
def test_a_step_finds_all_of_its_noise_made(monkeypatch: pytest.MonkeyPatch, sampler: str) -> None:
    plan, again = plan_of(sampler, 101), plan_of(sampler, 102)
    expected = solve_step(again, first_state(again, SHAPE), predict)
    for own, state in ((plan, first_state(plan, SHAPE)), (again, first_state(again, SHAPE))):
        prepare = noise_ahead(own, state)
        assert prepare is not None
        prepare()
    monkeypatch.setattr("inference_svc.sampling.brownian.NOISE_SOURCES", {})  # with which none can be made any more
    assert solve_step(again, first_state(again, SHAPE), predict) == expected
    assert np.isfinite(solve_step(plan, first_state(plan, SHAPE), predict).x).all()


@pytest.mark.parametrize("sampler", BROWNIAN)
def test_there_is_none_on_the_way_to_zero_and_without_eta(sampler: str) -> None:
    plan, still = plan_of(sampler, 1), plan_of(sampler, 1, eta=0.0)
    last = first_state(plan, SHAPE)
    while last.step < 2:
        last = solve_step(plan, last, predict)
    assert (noise_ahead(plan, last), noise_ahead(still, first_state(still, SHAPE))) == (None, None)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - set(BROWNIAN)))
def test_other_samplers_have_no_slow_noise(sampler: str) -> None:
    plan = plan_of(sampler, 1)
    assert noise_ahead(plan, first_state(plan, SHAPE)) is None
