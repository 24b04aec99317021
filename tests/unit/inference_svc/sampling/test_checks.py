"""Plans and states from elsewhere are checked before anything is computed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from inference_svc.sampling import (
    SAMPLERS,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    Transition,
    check_plan,
    check_state,
    first_state,
    make_plan,
    solve_step,
)
from latentwire.errors import InvalidArgument

SHAPE = (4, 3, 5)
PLAN = make_plan(sampler="LMS", steps=6, model=ModelSigmas.scaled_linear(), noise=NoiseSpec())
FAST = make_plan(sampler="DPM fast", steps=6, model=ModelSigmas.scaled_linear(), noise=NoiseSpec())
ADAPTIVE = make_plan(sampler="DPM adaptive", steps=6, model=ModelSigmas.scaled_linear(), noise=NoiseSpec())


def with_transition(transition: Transition) -> SamplingPlan:
    return replace(PLAN, transitions=(transition,))


@pytest.mark.parametrize(
    ("field", "plan"),
    [
        ("sampler", replace(PLAN, sampler="")),
        ("eta", replace(PLAN, options=replace(PLAN.options, eta=math.nan))),
        ("source", replace(PLAN, noise=NoiseSpec(source=""))),
        ("mask", replace(PLAN, mask=np.zeros((1, 1, 3, 5)))),
        ("transitions", replace(PLAN, transitions=PLAN.transitions * 2000)),
        ("transitions[0].sigma", with_transition(Transition(0.0, 0.0, 0.0))),
        ("transitions[0].sigma", with_transition(Transition(math.nan, 0.0, 0.0))),
        ("transitions[0].sigma", with_transition(Transition(math.inf, 0.0, 0.0))),
        ("transitions[0].sigma_next", with_transition(Transition(1.0, -1.0, 0.0))),
        ("transitions[0].sigma_next", with_transition(Transition(1.0, 2.0, 0.0))),
        ("transitions[0].sigma_next", with_transition(Transition(1.0, 1.0, 0.0))),
        ("transitions[0].timestep", with_transition(Transition(1.0, 0.5, math.nan))),
        ("transitions[0].renoise", with_transition(Transition(1.0, 0.5, 0.0, renoise=-1.0))),
        ("transitions[0].model_sigma", with_transition(Transition(1.0, 0.5, 0.0, model_sigma=math.nan))),
        ("transitions[0].evaluations", with_transition(Transition(1.0, 0.5, 0.0, evaluations=11))),
        ("uni_pc_variant", replace(PLAN, options=replace(PLAN.options, uni_pc_variant="bh3"))),
        ("uni_pc_skip_type", replace(PLAN, options=replace(PLAN.options, uni_pc_skip_type=""))),
        ("uni_pc_order", replace(PLAN, options=replace(PLAN.options, uni_pc_order=4))),
        ("noise.sigma_max", replace(PLAN, noise=NoiseSpec(sigma_max=math.inf))),
        ("transitions", replace(PLAN, transitions=())),
        ("transitions", replace(PLAN, sampler="DPM adaptive")),
        ("noise.sigma_min", replace(ADAPTIVE, noise=NoiseSpec(sigma_max=1.0))),
        ("noise.sigma_max", replace(PLAN, sampler="DPM++ 2M SDE", noise=NoiseSpec())),
        ("transitions[0].sigma_next", replace(PLAN, transitions=(Transition(9, 0, 0), Transition(5, 1, 0)))),
        ("transitions[1].sigma", replace(PLAN, transitions=(Transition(9, 5, 0), Transition(9, 1, 0)))),
        ("transitions[0].evaluations", replace(FAST, transitions=(Transition(9, 5, 0),))),
        ("transitions[0].evaluations", replace(FAST, transitions=(Transition(9, 5, 0, evaluations=4),))),
        ("transitions[0].sigma_next", replace(FAST, transitions=(Transition(9, 0, 0, evaluations=1),))),
        ("noise.sigma_min", replace(FAST, noise=NoiseSpec())),
    ],
)
def test_a_plan_that_no_sampler_can_follow_is_refused(field: str, plan: SamplingPlan) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_plan(plan)
    assert caught.value.violations[0].field == field


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("step", lambda state: replace(state, step=-1)),
        ("step", lambda state: replace(state, step=7)),
        ("done", lambda state: replace(state, done=True)),
        ("done", lambda state: replace(state, step=6)),
        ("evaluations", lambda state: replace(state, evaluations=-1)),
        ("evaluations", lambda state: replace(state, draws=-1)),
        ("x", lambda state: replace(state, x=state.x[0])),
        ("x", lambda state: replace(state, x=np.concatenate([state.x, state.x]))),
        ("x", lambda state: replace(state, x=state.x[:, :0])),
        ("scalars", lambda state: replace(state, scalars=(1.0,))),
        ("history", lambda state: replace(state, history=())),
        ("history", lambda state: replace(state, history=(state.x, state.x))),
        ("history", lambda state: replace(state, history=(state.x[:, :1],))),
    ],
)
def test_a_state_that_is_none_of_the_plans_is_refused(
    field: str, change: Callable[[SamplerState], SamplerState]
) -> None:
    state = solve_step(PLAN, first_state(PLAN, SHAPE), lambda x, sigma: Prediction(x))
    check_state(PLAN, state)
    with pytest.raises(InvalidArgument) as caught:
        check_state(PLAN, change(state))
    assert caught.value.violations[0].field == field


def test_a_path_that_finds_its_steps_is_not_done_before_the_first() -> None:
    state = first_state(ADAPTIVE, SHAPE)
    check_state(ADAPTIVE, state)
    with pytest.raises(InvalidArgument, match="done"):
        check_state(ADAPTIVE, replace(state, done=True))


@pytest.mark.parametrize("scalars", [(), (1.0,), (1.0, math.nan)])
def test_a_path_that_finds_its_steps_needs_its_numbers_to_go_on(scalars: tuple[float, ...]) -> None:
    state = solve_step(ADAPTIVE, first_state(ADAPTIVE, SHAPE), lambda x, sigma: Prediction(x))
    check_state(ADAPTIVE, state)
    with pytest.raises(InvalidArgument, match="scalars"):
        check_state(ADAPTIVE, replace(state, scalars=scalars))


def test_a_state_of_another_shape_than_the_plans_picture_is_refused() -> None:
    plan = replace(PLAN, init_latents=np.zeros((1, *SHAPE), dtype=np.float32))
    check_state(plan, first_state(plan, SHAPE))
    with pytest.raises(InvalidArgument, match="init_latents"):
        check_state(plan, first_state(PLAN, (4, 5, 3)))


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_every_state_on_the_way_passes(sampler: str) -> None:
    plan = make_plan(sampler=sampler, steps=6, model=ModelSigmas.scaled_linear(), noise=NoiseSpec())
    check_plan(plan)
    state = first_state(plan, SHAPE)
    while not state.done:
        state = solve_step(plan, state, lambda x, sigma: Prediction(x))
        check_state(plan, state)


LEVELS = (0.0, 1e-9, 1e-3, 0.03, 0.5, 1.0, 1.0000001, 5.0, 14.6, 1e6)


def odd_plan(sampler: str, chance: random.Random) -> SamplingPlan:
    """A plan that somebody has meddled with."""
    options = SamplerOptions(eta=chance.choice([0.0, 0.5, 5.0]), s_churn=chance.choice([0.0, 3.0]))
    plan = make_plan(sampler=sampler, steps=4, model=ModelSigmas.scaled_linear(), noise=NoiseSpec(), options=options)
    steps = [
        Transition(chance.choice(LEVELS), chance.choice(LEVELS), 500.0, evaluations=chance.choice([0, 1, 2, 3, 10]))
        for _ in range(chance.randint(1, 4))
    ]
    if chance.random() < 0.5:
        steps = sorted(steps, key=lambda step: -step.sigma)
    low = chance.choice([plan.noise.sigma_min, *LEVELS])
    return replace(plan, transitions=tuple(steps), noise=replace(plan.noise, sigma_min=low, sigma_max=1e6))


def is_sound(plan: SamplingPlan) -> bool:
    """Whether the check lets a plan through."""
    try:
        check_plan(plan)
    except InvalidArgument:
        return False
    return True


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - {"DPM adaptive"}))
def test_every_plan_that_passes_can_be_followed(sampler: str) -> None:
    """All but DPM adaptive's, where nobody knows before whether it ends."""
    chance = random.Random(sampler)
    plans = [plan for plan in (odd_plan(sampler, chance) for _ in range(300)) if is_sound(plan)][:20]
    assert plans
    with np.errstate(all="ignore"):
        for plan in plans:
            state = SamplerState(np.ones((1, 1, 2, 2), np.float32))
            while not state.done and state.step < 8:
                state = solve_step(plan, state, lambda x, sigma: Prediction(x * np.float32(1 / (1 + sigma))))
                check_state(plan, state)
