"""The samplers that walk a schedule of noise levels."""

from __future__ import annotations

from inference_svc.sampling.dpm2 import dpm_2, dpm_2_ancestral
from inference_svc.sampling.dpm_adaptive import dpm_adaptive, dpm_adaptive_path, range_start
from inference_svc.sampling.dpm_solver import dpm_fast, dpm_fast_path
from inference_svc.sampling.dpmpp import dpmpp_2m, dpmpp_2s_ancestral
from inference_svc.sampling.dpmpp_sde import (
    dpmpp_2m_sde,
    dpmpp_2m_sde_heun,
    dpmpp_3m_sde,
    dpmpp_sde,
    noise_levels,
    noise_levels_of_halves,
)
from inference_svc.sampling.euler import euler, euler_ancestral
from inference_svc.sampling.heun import heun
from inference_svc.sampling.lcm import lcm, lcm_path
from inference_svc.sampling.lms import lms
from inference_svc.sampling.restart import restart, restart_path
from inference_svc.sampling.spec import SamplerSpec, options

SPECS = (
    SamplerSpec("DPM++ 2M", ("k_dpmpp_2m",), dpmpp_2m, options=options(scheduler="karras"), history_length=1),
    SamplerSpec(
        "DPM++ SDE",
        ("k_dpmpp_sde",),
        dpmpp_sde,
        options=options(scheduler="karras", second_order="True", brownian_noise="True"),
        evaluations_per_step=2,
        default_eta=1.0,
        noise_levels=noise_levels_of_halves,
    ),
    SamplerSpec(
        "DPM++ 2M SDE",
        ("k_dpmpp_2m_sde",),
        dpmpp_2m_sde,
        options=options(scheduler="exponential", brownian_noise="True"),
        default_eta=1.0,
        history_length=1,
        noise_levels=noise_levels,
    ),
    SamplerSpec(
        "DPM++ 2M SDE Heun",
        ("k_dpmpp_2m_sde_heun",),
        dpmpp_2m_sde_heun,
        options=options(scheduler="exponential", brownian_noise="True", solver_type="heun"),
        default_eta=1.0,
        history_length=1,
        noise_levels=noise_levels,
    ),
    SamplerSpec(
        "DPM++ 2S a",
        ("k_dpmpp_2s_a",),
        dpmpp_2s_ancestral,
        options=options(scheduler="karras", uses_ensd="True", second_order="True"),
        evaluations_per_step=2,
        default_eta=1.0,
    ),
    SamplerSpec(
        "DPM++ 3M SDE",
        ("k_dpmpp_3m_sde",),
        dpmpp_3m_sde,
        options=options(scheduler="exponential", discard_next_to_last_sigma="True", brownian_noise="True"),
        default_eta=1.0,
        history_length=2,
        noise_levels=noise_levels,
    ),
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
    SamplerSpec(
        "DPM2",
        ("k_dpm_2",),
        dpm_2,
        options=options(scheduler="karras", discard_next_to_last_sigma="True", second_order="True"),
        evaluations_per_step=2,
    ),
    SamplerSpec(
        "DPM2 a",
        ("k_dpm_2_a",),
        dpm_2_ancestral,
        options=options(scheduler="karras", discard_next_to_last_sigma="True", uses_ensd="True", second_order="True"),
        evaluations_per_step=2,
        default_eta=1.0,
    ),
    SamplerSpec(
        "DPM fast",
        ("k_dpm_fast",),
        dpm_fast,
        options=options(uses_ensd="True"),
        evaluations_per_step=3,
        default_eta=1.0,
        counts_evaluations=True,
        path=dpm_fast_path,
    ),
    SamplerSpec(
        "DPM adaptive",
        ("k_dpm_ad",),
        dpm_adaptive,
        options=options(uses_ensd="True"),
        evaluations_per_step=3,
        default_eta=1.0,
        history_length=1,
        scalar_count=2,
        chooses_steps=True,
        path=dpm_adaptive_path,
        start=range_start,
    ),
    SamplerSpec(
        "Restart",
        ("restart",),
        restart,
        options=options(scheduler="karras", second_order="True"),
        evaluations_per_step=2,
        path=restart_path,
    ),
    SamplerSpec("LCM", ("k_lcm",), lcm, path=lcm_path),
)
