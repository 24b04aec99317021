"""Plans and states of every sampler on the wire, at every step; what is none of them is refused and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.fake.facts import fake_facts
from inference_svc.rpc.conversion.plans import plan_message, read_plan
from inference_svc.rpc.conversion.sampler_states import read_state, state_message
from inference_svc.sampling import (
    SAMPLERS,
    Array,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    first_state,
    make_plan,
    solve_step,
)
from latentwire.errors import FailedPrecondition, InvalidArgument, LatentwireError
from latentwire.v1 import types_pb2 as t
from tests.oracles.toys import multiply_only

FACTS = fake_facts()
MODEL = ModelSigmas.from_alphas_cumprod(FACTS.alphas_cumprod, FACTS.family)
SHAPE = (FACTS.latent_channels, 8, 9)
SEEDS = st.integers(0, 2**64 - 1)


def predicted(x: Array, sigma: float) -> Prediction:
    return Prediction(multiply_only(x, [sigma]))


def plan_of(sampler: str, **fields: Any) -> SamplingPlan:
    usual: dict[str, Any] = {"steps": 5, "model": MODEL, "noise": NoiseSpec(seed=3)}
    return make_plan(sampler=sampler, **{**usual, **fields})


def sent(plan: SamplingPlan) -> SamplingPlan:
    """The plan after a journey."""
    message = t.SamplingPlan.FromString(plan_message(plan, FACTS).SerializeToString())
    return read_plan(message, FACTS, "plans[0]")


def sent_state(state: SamplerState, plan: SamplingPlan) -> SamplerState:
    message = t.SamplerState.FromString(state_message(state).SerializeToString())
    return read_state(message, plan, "states[0]")


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_every_state_of_a_run_arrives_as_it_was_and_so_does_the_plan(sampler: str) -> None:
    plan = plan_of(sampler)
    assert sent(plan) == plan
    state = first_state(plan, SHAPE)
    while not state.done:
        assert sent_state(state, plan) == state
        state = solve_step(plan, state, predicted)
    assert sent_state(state, plan) == state


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_run_whose_every_state_travels_ends_in_the_same_bits(sampler: str) -> None:
    plan = plan_of(sampler, options=SamplerOptions(eta=0.6, s_churn=2.0), steps=6)
    here = there = first_state(plan, SHAPE)
    while not here.done:
        here, there = solve_step(plan, here, predicted), solve_step(sent(plan), sent_state(there, plan), predicted)
    assert there == here


@settings(max_examples=30)
@given(
    noise=st.builds(
        NoiseSpec,
        source=st.sampled_from(["nv", "cpu"]),
        seed=SEEDS,
        subseed=SEEDS,
        subseed_strength=st.floats(0, 1),
        resize_from=st.none() | st.tuples(st.integers(1, 256), st.integers(1, 256)),
        ensd=st.integers(-(2**32), 2**32),
    ),
    options=st.builds(
        SamplerOptions,
        eta=st.floats(0, 2),
        s_churn=st.floats(0, 50),
        s_tmin=st.floats(0, 5),
        s_tmax=st.floats(0, 50),
        s_noise=st.floats(0, 2),
        sgm_noise_multiplier=st.booleans(),
        uni_pc_variant=st.sampled_from(["bh1", "bh2"]),
        uni_pc_skip_type=st.sampled_from(["time_uniform", "time_quadratic", "logSNR"]),
        uni_pc_order=st.integers(1, 3),
        uni_pc_lower_order_final=st.booleans(),
    ),
    sampler=st.sampled_from(sorted(SAMPLERS)),
)
def test_noise_and_options_arrive_as_they_were(noise: NoiseSpec, options: SamplerOptions, sampler: str) -> None:
    plan = plan_of(sampler, noise=noise, options=options)
    assert sent(plan) == plan


def test_latents_and_mask_of_a_plan_arrive_as_they_were() -> None:
    init = np.linspace(-2, 2, 4 * 8 * 9, dtype=np.float32).reshape(1, *SHAPE)
    mask = np.linspace(0, 1, 72, dtype=np.float32).reshape(1, 1, 8, 9)
    plan = plan_of("LMS", init_latents=init, mask=mask, denoising_strength=0.5)
    assert sent(plan) == plan


def test_options_that_are_left_out_have_the_samplers_defaults() -> None:
    for sampler in ("Euler", "Euler a", "UniPC"):
        message = plan_message(plan_of(sampler), FACTS)
        message.options.clear()
        message.ClearField("uni_pc")
        assert read_plan(message, FACTS, "") == plan_of(sampler)


def test_a_state_in_half_precision_is_computed_with_in_single() -> None:
    plan = plan_of("DPM++ 2M")
    state = solve_step(plan, first_state(plan, SHAPE), predicted)
    message = state_message(state, t.TENSOR_TYPE_FLOAT16)
    read = read_state(message, plan, "states[0]")
    assert (message.x.type, message.history[0].type) == (t.TENSOR_TYPE_FLOAT16, t.TENSOR_TYPE_FLOAT32)
    assert read == replace(state, x=state.x.astype(np.float16).astype(np.float32))


def broken(change: Callable[[t.SamplingPlan], object]) -> LatentwireError:
    """What is said of a plan after a change."""
    message = plan_message(plan_of("LMS", init_latents=np.zeros((1, *SHAPE), np.float32)), FACTS)
    change(message)
    with pytest.raises(LatentwireError) as caught:
        read_plan(message, FACTS, "plans[0]")
    return caught.value


def tensor(shape: list[int], value: float = 0.0) -> t.Tensor:
    return t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=shape, data=np.full(shape, value, np.float32).tobytes())


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("sampler", lambda plan: setattr(plan, "sampler", "Nobody")),
        ("scheduler", lambda plan: setattr(plan, "scheduler", "never")),
        ("transitions", lambda plan: plan.transitions.extend([t.Transition()] * 10_000)),
        ("transitions[1].sigma", lambda plan: setattr(plan.transitions[1], "sigma", 0.0)),
        ("transitions[4].sigma_next", lambda plan: setattr(plan.transitions[4], "sigma_next", float("nan"))),
        ("noise.source", lambda plan: setattr(plan.noise, "source", "sand")),
        ("noise.seed", lambda plan: plan.noise.ClearField("seed")),
        ("noise.subseed", lambda plan: plan.noise.CopyFrom(t.NoiseSpec(seed=1, subseed_strength=0.5))),
        ("noise.sigma_max", lambda plan: setattr(plan.noise, "sigma_max", float("inf"))),
        ('options["eta"]', lambda plan: plan.options.update(eta=-1.0)),
        ('options["speed"]', lambda plan: plan.options.update(speed=1.0)),
        ('options["sgm_noise_multiplier"]', lambda plan: plan.options.update(sgm_noise_multiplier=0.5)),
        ("uni_pc.order", lambda plan: setattr(plan.uni_pc, "order", 9)),
        ("init_latents.type", lambda plan: setattr(plan.init_latents, "type", t.TENSOR_TYPE_INT64)),
        ("init_latents.shape", lambda plan: plan.init_latents.shape.pop()),
        ("mask.shape", lambda plan: plan.mask.CopyFrom(tensor([1, 2, 8, 9]))),
        ("mask", lambda plan: plan.mask.CopyFrom(tensor([1, 1, 9, 9]))),
        ("mask.data", lambda plan: plan.mask.CopyFrom(tensor([1, 1, 8, 9], 1.5))),
        ("mask", lambda plan: plan.mask.CopyFrom(tensor([1, 1, 8, 9])) or plan.ClearField("init_latents")),
    ],
)
def test_a_plan_that_none_can_follow_is_refused(field: str, change: Callable[[t.SamplingPlan], object]) -> None:
    error = broken(change)
    assert isinstance(error, InvalidArgument)
    assert [violation.field for violation in error.violations] == [f"plans[0].{field}"]


def test_a_plan_of_another_model_is_refused() -> None:
    error = broken(lambda plan: setattr(plan, "model_digest", "another"))
    assert (type(error), error.reason) == (FailedPrecondition, "MODEL_MISMATCH")


def drop(message: t.Tensor, count: int) -> None:
    message.data = message.data[:-count]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("step", lambda state: setattr(state, "step", -1)),
        ("step", lambda state: setattr(state, "step", 6)),
        ("draws", lambda state: setattr(state, "draws", 2**31 - 1)),
        ("draws", lambda state: setattr(state, "draws", -1)),
        ("evaluations", lambda state: setattr(state, "evaluations", -1)),
        ("done", lambda state: setattr(state, "done", True)),
        ("x.type", lambda state: setattr(state.x, "type", t.TENSOR_TYPE_UNSPECIFIED)),
        ("x.type", lambda state: setattr(state.x, "type", t.TENSOR_TYPE_FLOAT64)),
        ("x.type", lambda state: setattr(state.x, "type", 77)),
        ("x.shape", lambda state: state.x.shape.append(1)),
        ("x.shape", lambda state: state.x.CopyFrom(tensor([1, 0, 8, 9]))),
        ("x", lambda state: state.x.CopyFrom(tensor([2, 4, 8, 9]))),
        ("x.data", lambda state: drop(state.x, 1)),
        ("x.data", lambda state: state.x.CopyFrom(tensor([1, 4, 8, 9], float("inf")))),
        ("history[1].data", lambda state: drop(state.history[1], 4)),
        ("history[0].data", lambda state: state.history[0].CopyFrom(tensor([1, 4, 8, 9], float("nan")))),
        ("history", lambda state: state.history[0].CopyFrom(tensor([1, 4, 9, 9]))),
        ("history", lambda state: state.history.pop()),
        ("history", lambda state: state.history.extend([t.Tensor()] * 1000)),
        ("scalars", lambda state: state.scalars.append(1.0)),
    ],
)
def test_a_state_that_is_none_of_the_plans_is_refused(field: str, change: Callable[[t.SamplerState], object]) -> None:
    plan = plan_of("LMS")
    state = solve_step(plan, solve_step(plan, first_state(plan, SHAPE), predicted), predicted)
    message = state_message(state)
    change(message)
    with pytest.raises(InvalidArgument) as caught:
        read_state(message, plan, "states[0]")
    assert [violation.field for violation in caught.value.violations] == [f"states[0].{field}"]


def test_the_start_of_a_picture_of_another_shape_is_the_plans_fault() -> None:
    plan = plan_of("Euler", init_latents=np.zeros((1, *SHAPE), np.float32))
    message = state_message(first_state(plan_of("Euler"), (4, 9, 8)))
    with pytest.raises(InvalidArgument) as caught:
        read_state(message, plan, "states[0]", "plans[0]")
    assert caught.value.violations[0].field == "plans[0].init_latents"
