"""The samplers that walk a schedule of noise levels."""

from __future__ import annotations

from inference_svc.sampling.dpmpp import dpmpp_2m
from inference_svc.sampling.euler import euler, euler_ancestral
from inference_svc.sampling.heun import heun
from inference_svc.sampling.lms import lms
from inference_svc.sampling.spec import SamplerSpec, options

SPECS = (
    SamplerSpec("DPM++ 2M", ("k_dpmpp_2m",), dpmpp_2m, options=options(scheduler="karras"), history_length=1),
    SamplerSpec(
        "Euler a",
        ("k_euler_a", "k_euler_ancestral"),
        euler_ancestral,
        options=options(uses_ensd="True"),
        default_eta=1.0,
    ),
    SamplerSpec("Euler", ("k_euler",), euler),
    SamplerSpec("LMS", ("k_lms",), lms, history_length=3),
    SamplerSpec("Heun", ("k_heun",), heun, options=options(second_order="True"), evaluations_per_step=2),
)
