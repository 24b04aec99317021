"""The samplers that walk a list of the model's timesteps."""

from __future__ import annotations

from inference_svc.sampling.ddim import ddim, ddim_cfgpp
from inference_svc.sampling.plms import plms
from inference_svc.sampling.spec import SamplerSpec
from inference_svc.sampling.timesteps import plms_path, timestep_path, timestep_start, uni_pc_path
from inference_svc.sampling.unipc import REMEMBERED, uni_pc

SPECS = (
    SamplerSpec("DDIM", ("ddim",), ddim, path=timestep_path, start=timestep_start, blends_input=True),
    SamplerSpec(
        "DDIM CFG++",
        ("ddim_cfgpp",),
        ddim_cfgpp,
        guidance_divisor=12.5,
        path=timestep_path,
        start=timestep_start,
        blends_input=True,
    ),
    SamplerSpec("PLMS", ("plms",), plms, history_length=3, path=plms_path, start=timestep_start, blends_input=True),
    SamplerSpec(
        "UniPC",
        ("unipc",),
        uni_pc,
        history_length=REMEMBERED,
        history_extra=1,
        path=uni_pc_path,
        start=timestep_start,
        blends_input=True,
    ),
)
