"""Plans and states compare by value, whatever library holds their arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference_svc.sampling import NoiseSpec, SamplerOptions, SamplerState, SamplingPlan, Transition, to_numpy

ZEROS = np.zeros((1, 4, 2, 2), dtype=np.float32)
STATE = SamplerState(ZEROS, history=(ZEROS,), scalars=(1.0,))
PLAN = SamplingPlan("Euler", SamplerOptions(), (Transition(1.0, 0.0, 5.0),), NoiseSpec(), init_latents=ZEROS)


def test_equal_values_are_equal() -> None:
    assert replace(STATE, x=ZEROS.copy(), history=(ZEROS.copy(),)) == STATE
    assert replace(PLAN, init_latents=ZEROS.copy()) == PLAN


@pytest.mark.parametrize(
    "other",
    [
        replace(STATE, x=ZEROS + 1),
        replace(STATE, x=ZEROS.astype(np.float64)),
        replace(STATE, x=ZEROS[:, :1]),
        replace(STATE, history=()),
        replace(STATE, history=(ZEROS + 1,)),
        replace(STATE, scalars=(2.0,)),
        replace(STATE, step=1),
        PLAN,
    ],
)
def test_a_state_with_any_other_value_is_another(other: object) -> None:
    assert other != STATE


@pytest.mark.parametrize(
    "other", [replace(PLAN, init_latents=None), replace(PLAN, mask=ZEROS), replace(PLAN, sampler="Heun"), STATE]
)
def test_a_plan_with_any_other_value_is_another(other: object) -> None:
    assert other != PLAN


def test_an_array_in_another_library_is_the_same_value() -> None:
    assert replace(STATE, x=torch.tensor(ZEROS)) == STATE


def test_plans_and_states_are_no_keys() -> None:
    for value in (PLAN, STATE):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)


def test_a_tensor_becomes_an_array_of_the_same_type_and_values() -> None:
    array = to_numpy(torch.ones(1, 2, dtype=torch.float16))
    assert (array.dtype, array.tolist()) == (np.float16, [[1.0, 1.0]])


def test_a_plan_without_eta_adds_no_noise() -> None:
    assert (PLAN.eta, PLAN.step_count, PLAN.sigmas(0)) == (0.0, 1, (1.0, 0.0))
