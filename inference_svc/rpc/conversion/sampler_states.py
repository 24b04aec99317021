"""States of sampling runs, as messages and back: checked against their plan before anything is allocated."""

from __future__ import annotations

import math

from inference_svc.rpc.conversion.latents import latents_message, read_floats
from inference_svc.rpc.conversion.violations import Violations, under
from inference_svc.sampling import SamplerState, SamplingPlan, check_state, find_sampler
from latentwire.v1 import types_pb2 as t


def state_message(state: SamplerState, x_type: t.TensorType.ValueType = t.TENSOR_TYPE_FLOAT32) -> t.SamplerState:
    """Returns a state as a message. `x_type`: of x alone; what a solver remembers stays as it was computed."""
    return t.SamplerState(
        x=latents_message(state.x, x_type),
        step=state.step,
        evaluations=state.evaluations,
        history=map(latents_message, state.history),
        scalars=state.scalars,
        draws=state.draws,
        done=state.done,
    )


def read_state(message: t.SamplerState, plan: SamplingPlan, field: str, plan_field: str = "plan") -> SamplerState:
    """Returns the state of a message, on a plan that is checked.

    Raises InvalidArgument, which names what is below `field`, where it is no state of that plan; `plan_field`: where
    the plan is.
    """
    _check_counts(message, plan, field)
    x = read_floats(message.x, f"{field}.x")
    history = [read_floats(tensor, f"{field}.history[{index}]") for index, tensor in enumerate(message.history)]
    state = SamplerState(
        x=x,
        step=message.step,
        evaluations=message.evaluations,
        history=tuple(history),
        scalars=tuple(message.scalars),
        draws=message.draws,
        done=message.done,
    )
    with under(field, init_latents=f"{plan_field}.init_latents"):
        check_state(plan, state)
    return state


def _check_counts(message: t.SamplerState, plan: SamplingPlan, field: str) -> None:
    """Finds what is too much before any of it is looked at. A step takes a noise at most, and the start one."""
    spec, violations = find_sampler(plan.sampler), Violations()
    step = violations.whole(f"{field}.step", message.step, 0, plan.step_count)
    violations.whole(f"{field}.draws", message.draws, 0, max(step, 0) + 1)
    violations.whole(f"{field}.evaluations", message.evaluations, 0, 2**30)
    most = spec.history_length + spec.history_extra
    if len(message.history) > most:
        violations.add(f"{field}.history", f"{len(message.history)} tensors", f"at most {most} with {plan.sampler}")
    if len(message.scalars) > spec.scalar_count or not all(map(math.isfinite, message.scalars)):
        allowed = f"at most {spec.scalar_count} finite numbers with {plan.sampler}"
        violations.add(f"{field}.scalars", f"{len(message.scalars)} numbers", allowed)
    violations.check()
