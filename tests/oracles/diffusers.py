"""diffusers' schedulers, set up as Stable Diffusion has them."""

from __future__ import annotations

from typing import Any

from diffusers.schedulers.scheduling_ddim import DDIMScheduler


def ddim_scheduler() -> Any:
    """DDIM on SD1's betas: no clipping, timesteps 1, 1 + 1000 // steps, ..."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="leading",
    )
