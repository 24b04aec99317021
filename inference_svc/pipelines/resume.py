"""Where a picture stands, so that it can be gone on with elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from inference_svc.pipelines.reports import Stage, StepDone
from inference_svc.pipelines.spec import GenerationSpec
from inference_svc.sampling import SamplerState
from inference_svc.work import Array, Ask, Stopped

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where a picture stands: all that can't be made again from its request.

    `state`: of the pass that the stage names, while decoding of the last one; None: delivered. `denoised`
    (1, C, h, w): the last prediction, which a stop falls back on; None where the state is done. `refined`: the pass'
    refiner has taken over.
    """

    stage: Stage
    state: SamplerState | None = None
    denoised: Array | None = None
    refined: bool = False

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All that takes room."""
        state = self.state
        found = () if state is None else (state.x, *state.history, self.denoised)
        return tuple(array for array in found if array is not None)

    @property
    def held_bytes(self) -> int:
        """Of its arrays."""
        return sum(int(array.nbytes) for array in self.arrays)


Standings: TypeAlias = Mapping[int, Standing]
"""By the index of the picture; those that are missing have not begun."""

NOWHERE: Standings = MappingProxyType({})
DELIVERED = Standing(Stage.DELIVERED)


def standing_after(done: StepDone) -> Standing:
    """Returns where a picture stands after a step."""
    if not done.state.done:
        return Standing(done.stage, done.state, done.denoised, done.refined)
    last = done.pass_count == 1 or done.stage is Stage.HIRES_PASS
    return Standing(Stage.DECODING if last else done.stage, done.state, refined=done.refined)


def pass_number(spec: GenerationSpec, stage: Stage) -> int:
    """Returns the pass, from 0, that a picture in a stage is in or was in last."""
    if stage is Stage.FIRST_PASS:
        return 0
    return 1 if stage is Stage.HIRES_PASS else len(spec.passes) - 1


def finishing(asks: Generator[Ask, Any, T]) -> Generator[Ask, Any, tuple[T, bool]]:
    """Goes through with asks when stopped meanwhile; returns what they make, and whether that happened."""
    stopped = False
    try:
        ask = next(asks)
        while True:
            try:
                answer = yield ask
            except Stopped:
                stopped, answer = True, (yield ask)
            ask = asks.send(answer)
    except StopIteration as end:
        return end.value, stopped
