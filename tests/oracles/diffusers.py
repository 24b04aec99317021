"""diffusers' schedulers, set up as Stable Diffusion has them."""

from __future__ import annotations

from typing import Any

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_pndm import PNDMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

SD1: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
LEADING: dict[str, Any] = {"set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading"}


def ddim_scheduler() -> Any:
    """DDIM on SD1's betas: no clipping, timesteps 1, 1 + 1000 // steps, ..."""
    return DDIMScheduler(**SD1, **LEADING, clip_sample=False)


def plms_scheduler() -> Any:
    """PLMS on SD1's betas, without Runge and Kutta's steps, at DDIM's timesteps."""
    return PNDMScheduler(**SD1, **LEADING, skip_prk_steps=True)


def uni_pc_scheduler(**settings: Any) -> Any:
    """UniPC on SD1's betas, predicting clean latents."""
    return UniPCMultistepScheduler(**SD1, predict_x0=True, thresholding=False, **settings)


def euler_scheduler(**settings: Any) -> Any:
    """Euler on SD1's betas, for its schedules."""
    return EulerDiscreteScheduler(**SD1, **settings)
