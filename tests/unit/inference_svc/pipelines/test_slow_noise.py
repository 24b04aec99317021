"""Noise that takes its time is asked for as work beside the device."""

from __future__ import annotations

from functools import partial

import pytest

from inference_svc.pipelines import SamplingSettings, pictures
from inference_svc.sampling.brownian import BrownianPath
from inference_svc.work import Compute
from tests.unit.inference_svc.pipelines.toys import run, spec


def prepared(sampler: str, steps: int) -> list[BrownianPath]:
    """The paths that are prepared on the way to a picture, in order."""
    (make,) = pictures(spec(sampling=SamplingSettings(sampler, steps=steps)))[0]
    asked = [ask.function for ask in run(make()).asks if isinstance(ask, Compute)]
    prepares = [function.func for function in asked if isinstance(function, partial)]
    return [path for prepare in prepares if isinstance(path := getattr(prepare, "__self__", None), BrownianPath)]


@pytest.mark.parametrize("sampler", ["DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"])
def test_an_sde_sampler_has_its_noise_made_before_every_step_but_the_last(sampler: str) -> None:
    paths = prepared(sampler, 4)
    assert len(paths) == 3
    assert len(set(paths)) == 1


def test_the_others_compute_nothing_beside_their_steps() -> None:
    assert prepared("Euler a", 4) == []
