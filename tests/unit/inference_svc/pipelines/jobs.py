"""Small generations of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference_svc.pipelines import (
    GenerationSpec,
    GuidanceSettings,
    HiresSettings,
    InitSettings,
    InpaintSettings,
    MaskFill,
    PromptedModel,
    RefinerSettings,
    ResizeMode,
    SamplingSettings,
)
from inference_svc.pipelines.upscaling import LANCZOS
from inference_svc.sampling import SAMPLERS, SamplerOptions
from tests.unit.inference_svc.pipelines.toys import FACTS, OTHER_FACTS, Words, spec

_MASK = np.zeros((40, 56, 3), np.uint8)
_MASK[8:20, 16:40] = 255
_OTHER = PromptedModel(OTHER_FACTS, Words())

JOBS: dict[str, GenerationSpec] = {
    **{f"job {name}": spec(sampling=SamplingSettings(name, steps=6)) for name in SAMPLERS},
    "many": spec(seeds=(1, 2, 3, 4, 5), sampling=SamplingSettings("Euler a", steps=4)),
    "short": spec(seeds=(9,), sampling=SamplingSettings("Euler", steps=2)),
    "large": spec(width=64, height=40, sampling=SamplingSettings("DPM++ 2M", steps=7)),
    "churned": spec(sampling=SamplingSettings("Heun", steps=5, options=SamplerOptions(s_churn=3.0))),
    "unguided": spec(guidance=GuidanceSettings(1.0), sampling=SamplingSettings("LMS", steps=9)),
    "skipping": spec(guidance=GuidanceSettings(4.0, min_uncond_sigma=5.0, skip_early=0.2)),
    "long words": spec(prompt=" ".join(["word"] * 100), sampling=SamplingSettings("Euler", steps=3)),
    "drawn": spec(init=InitSettings(0.6), sampling=SamplingSettings("DDIM", steps=8)),
    "redrawn": spec(init=InitSettings(0.9, ResizeMode.LATENT), sampling=SamplingSettings("Euler a", steps=8)),
    "kept": spec(init=InitSettings(0.0, exact_steps=True)),
    "repainted": replace(spec(init=InitSettings(0.7, color_correction=True)), inpaint=InpaintSettings(_MASK)),
    "repainted in part": replace(
        spec(seeds=(1, 2), init=InitSettings(0.9), sampling=SamplingSettings("DDIM", steps=6)),
        inpaint=InpaintSettings(_MASK, fill=MaskFill.LATENT_NOISE, only_masked=True),
    ),
    "enlarged": replace(
        spec(seeds=(3, 4), sampling=SamplingSettings("Euler a", steps=3)),
        hires=HiresSettings(_OTHER, (64, 48), (64, 40), LANCZOS, sampling=SamplingSettings("DPM++ 2M", steps=4)),
        refiner=RefinerSettings(PromptedModel(FACTS, Words()), 0.7),
    ),
    "refined": replace(spec(sampling=SamplingSettings("Heun", steps=5)), refiner=RefinerSettings(_OTHER, 0.4)),
}
