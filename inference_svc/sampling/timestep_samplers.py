"""The samplers that walk a list of the model's timesteps."""

from __future__ import annotations

from inference_svc.sampling.ddim import ddim
from inference_svc.sampling.paths import timestep_path, timestep_start
from inference_svc.sampling.spec import SamplerSpec

SPECS = (SamplerSpec("DDIM", ("ddim",), ddim, path=timestep_path, start=timestep_start, blends_input=True),)
