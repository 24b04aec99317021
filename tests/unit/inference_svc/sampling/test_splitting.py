"""A path is the same whoever takes its steps, together with whom, and wherever it is cut."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from inference_svc.sampling import (
    SAMPLERS,
    Array,
    Denoise,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    Steps,
    evaluation_count,
    first_state,
    make_plan,
    solve,
    solve_step,
)
from tests.oracles.toys import multiply_only

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 5, 7)


def plan_of(sampler: str, seed: int = 0) -> SamplingPlan:
    options = SamplerOptions(eta=0.7, s_churn=3.0)
    return make_plan(sampler=sampler, steps=5 + seed % 4, model=MODEL, noise=NoiseSpec(seed=seed), options=options)


def alone(x: Array, sigma: float) -> Prediction:
    return Prediction(multiply_only(x, [sigma]))


def to_bytes(state: SamplerState) -> tuple[bytes, ...]:
    numbers = np.asarray([state.step, state.evaluations, state.draws, state.done], dtype=np.int64)
    shape = np.asarray(state.x.shape, dtype=np.int64)
    arrays = (array.tobytes() for array in (state.x, *state.history))
    return (numbers.tobytes(), shape.tobytes(), np.asarray(state.scalars, dtype=np.float64).tobytes(), *arrays)


def from_bytes(parts: tuple[bytes, ...]) -> SamplerState:
    step, evaluations, draws, done = np.frombuffer(parts[0], dtype=np.int64).tolist()
    shape = np.frombuffer(parts[1], dtype=np.int64).tolist()
    x, *history = (np.frombuffer(part, dtype=np.float32).reshape(shape) for part in parts[3:])
    scalars = tuple(np.frombuffer(parts[2], dtype=np.float64).tolist())
    return SamplerState(x, step, evaluations, tuple(history), scalars, draws, bool(done))


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_cut_at_every_step_and_sent_as_bytes_it_ends_in_the_same_bits(sampler: str) -> None:
    plan = plan_of(sampler)
    unsplit = solve(plan, first_state(plan, SHAPE), alone)
    state = first_state(plan, SHAPE)
    while not state.done:
        # Arrays made from bytes are read-only: a sampler that wrote into one would fail here.
        state = solve_step(plan, from_bytes(to_bytes(state)), alone)
    assert state == unsplit


class Batches:
    """A small engine: keeps many paths going and evaluates up to `size` asks of different ones at a time."""

    def __init__(self, plans: list[SamplingPlan], size: int) -> None:
        self.plans, self.size = plans, size
        self.ended: dict[int, SamplerState] = {}
        self.asks: deque[tuple[int, Steps, Denoise]] = deque()

    def run(self) -> list[SamplerState]:
        for index, plan in enumerate(self.plans):
            self.begin(index, first_state(plan, SHAPE))
        while self.asks:
            rows = [self.asks.popleft() for _ in range(min(self.size, len(self.asks)))]
            x = np.concatenate([ask.x for *_, ask in rows])
            denoised = multiply_only(x, [ask.sigma for *_, ask in rows])
            for row, (index, steps, _) in enumerate(rows):
                self.deliver(index, steps, Prediction(denoised[row : row + 1]))
        return [self.ended[index] for index in range(len(self.plans))]

    def begin(self, index: int, state: SamplerState) -> None:
        if state.done:
            self.ended[index] = state
            return
        steps = SAMPLERS[self.plans[index].sampler].step(self.plans[index], state)
        self.asks.append((index, steps, next(steps)))

    def deliver(self, index: int, steps: Steps, prediction: Prediction) -> None:
        try:
            self.asks.append((index, steps, steps.send(prediction)))
        except StopIteration as end:
            self.begin(index, end.value)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 16])
def test_among_others_in_batches_of_any_size_it_ends_in_the_same_bits_as_alone(size: int) -> None:
    plans = [plan_of(sampler, seed) for seed, sampler in enumerate(sorted(SAMPLERS) * 2)]
    solo = [solve(plan, first_state(plan, SHAPE), alone) for plan in plans]
    assert Batches(plans, size).run() == solo


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_equal_input_gives_equal_plans_and_states_and_another_seed_does_not(sampler: str) -> None:
    ends = [solve(plan, first_state(plan, SHAPE), alone) for plan in (plan_of(sampler, 4), plan_of(sampler, 4))]
    assert plan_of(sampler, 4) == plan_of(sampler, 4)
    assert ends[0] == ends[1]
    other = replace(plan_of(sampler, 4), noise=replace(plan_of(sampler, 4).noise, seed=5))
    assert first_state(other, SHAPE) != first_state(plan_of(sampler, 4), SHAPE)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_evaluations_are_the_calls_that_were_made(sampler: str) -> None:
    calls: list[float] = []
    plan = plan_of(sampler)

    def counted(x: Array, sigma: float) -> Prediction:
        calls.append(sigma)
        return alone(x, sigma)

    ended = solve(plan, first_state(plan, SHAPE), counted)
    assert ended.evaluations == len(calls)
    assert len(calls) <= evaluation_count(plan)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_state_remembers_no_more_arrays_than_its_sampler_declares(sampler: str) -> None:
    plan = plan_of(sampler)
    state = first_state(plan, SHAPE)
    while not state.done:
        assert len(state.history) == SAMPLERS[sampler].history_count(state.step)
        state = solve_step(plan, state, alone)
