"""k-diffusion's own samplers, run by a client over PredictDenoised, reach the latents that DenoiseLatents reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch

from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import types_pb2 as t
from tests.contract.looping import denoised, denoising, predicted, prepared, tensor, values
from tests.contract.serving import PATIENCE_S, Serving
from tests.oracles.k_diffusion import sampling

STEPS = 8

ORACLES: Mapping[str, Callable[..., torch.Tensor]] = MappingProxyType(
    {
        "Euler": sampling.sample_euler,
        "Heun": sampling.sample_heun,
        "DPM++ 2M": sampling.sample_dpmpp_2m,
        "LMS": sampling.sample_lms,
        "DPM2": sampling.sample_dpm_2,
        "Euler a": sampling.sample_euler_ancestral,
        "DPM++ 2S a": sampling.sample_dpmpp_2s_ancestral,
    }
)
"""By our name. The ancestral ones run without noise: theirs would be another generator's."""

TOLERANCE = 2e-4
"""Of latents of about 1. Both sides compute in single precision, but round in another order; what a step makes of that
is the model's next input, and a trained network may answer a last digit with several."""


@pytest.mark.parametrize("sampler", sorted(ORACLES))
async def test_a_sampler_of_the_clients_own_reaches_the_same_latents(grpc_server: Serving, sampler: str) -> None:
    settings = t.SamplerSettings(sampler=sampler, steps=STEPS, eta=0.0)
    run = await prepared(grpc_server, sampling=settings)
    (last,) = await denoised(grpc_server, denoising(run))
    reached = await asyncio.to_thread(_solved, ORACLES[sampler], asyncio.get_running_loop(), grpc_server, run)
    np.testing.assert_allclose(reached, values(last.state.x), rtol=0, atol=TOLERANCE)


def _solved(
    sample: Callable[..., torch.Tensor],
    loop: asyncio.AbstractEventLoop,
    running: Serving,
    run: d.PrepareLatentsResponse,
) -> np.ndarray[Any, Any]:
    """Samples on this thread, by a model that asks the server on the loop's."""

    def model(x: torch.Tensor, sigma: torch.Tensor, **_: object) -> torch.Tensor:
        asked = predicted(running, x=tensor(x.numpy()), sigmas=sigma.tolist())
        answer = asyncio.run_coroutine_threadsafe(asked, loop).result(PATIENCE_S)
        return torch.from_numpy(values(answer.denoised).copy())

    steps = run.plans[0].transitions
    sigmas = torch.tensor([*(step.sigma for step in steps), steps[-1].sigma_next], dtype=torch.float64).float()
    options = {"eta": 0.0} if "ancestral" in sample.__name__ else {}
    return sample(model, torch.from_numpy(values(run.states[0].x).copy()), sigmas, disable=True, **options).numpy()
