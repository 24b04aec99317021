"""When a refiner takes over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_svc.pipelines.conditioning import Conditioning
from inference_svc.sampling import ModelSigmas, SamplerState, SamplingPlan


@dataclass(frozen=True, slots=True, eq=False)
class Refiner:
    """The model that takes over, with the prompts as it reads them, and the fraction of time at which it does."""

    model: str
    cond: Conditioning
    uncond: Conditioning | None
    switch_at: float
    sigmas: ModelSigmas
    tiling: bool = False

    def acts(self, plan: SamplingPlan, state: SamplerState, sigma: float) -> bool:
        """Tells whether it has taken over by an evaluation at `sigma` of the step that `state` stands before.

        It never hands back, not even where a solver goes up again.
        """
        lowest = min((transition.sigma for transition in plan.transitions[: state.step + 1]), default=sigma)
        return completed(self.sigmas, min(lowest, sigma)) >= self.switch_at


def completed(sigmas: ModelSigmas, sigma: float) -> float:
    """Returns the fraction, 0 to 1, of the model's time that has gone by at a noise level: (999 - t) / 1000.

    t is the whole timestep nearest in sigma.
    """
    count = len(sigmas.sigmas)
    nearest = int(np.abs(np.asarray(sigmas.sigmas) - sigma).argmin())
    return (count - 1 - nearest) / count
