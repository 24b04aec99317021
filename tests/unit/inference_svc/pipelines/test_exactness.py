"""The same request gives the same bytes, whatever it was batched with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.engine import EngineSettings, Outcome, Request
from inference_svc.pipelines import (
    GenerationSpec,
    GuidanceSettings,
    HiresSettings,
    InitSettings,
    InpaintSettings,
    MaskFill,
    PictureReady,
    PromptedModel,
    RefinerSettings,
    ResizeMode,
    SamplingSettings,
    batch_key,
    evaluations,
    pictures,
)
from inference_svc.pipelines.upscaling import LANCZOS
from inference_svc.sampling import SAMPLERS, SamplerOptions
from tests.unit.inference_svc.engine.by_hand import ByHand
from tests.unit.inference_svc.engine.toys import Recorder
from tests.unit.inference_svc.pipelines.toys import FACTS, OTHER_FACTS, ToyModel, Words, spec

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


def together(names: Sequence[str], **settings: Any) -> dict[str, list[bytes]]:
    """Runs jobs through one engine; returns the files of each by picture."""
    engine, listeners = ByHand(ToyModel(), EngineSettings(**settings)), {name: Recorder() for name in names}
    for name, listener in listeners.items():
        job = JOBS[name]
        engine.submit(Request(name, pictures(job), evaluations(job), listener, batch_key(job)))
        engine.tick()  # so that they stand at different steps
    engine.finish()
    return {name: files(listener) for name, listener in listeners.items()}


def files(listener: Recorder) -> list[bytes]:
    assert listener.wait().outcome is Outcome.SUCCEEDED
    ready = [report for report in listener.reports if isinstance(report, PictureReady)]
    return [picture.data for picture in sorted(ready, key=lambda picture: picture.index)]


@pytest.fixture(scope="module")
def alone() -> dict[str, list[bytes]]:
    return {name: together([name])[name] for name in JOBS}


@pytest.mark.parametrize("settings", [{}, {"max_batch_rows": 1}, {"max_batch_rows": 3}, {"max_batch_rows": 64}])
def test_alone_and_among_unlike_others_gives_the_same_bytes(
    alone: dict[str, list[bytes]], settings: dict[str, Any]
) -> None:
    assert together(list(JOBS), **settings) == alone


@pytest.mark.parametrize("share", [0.0, 0.75])
def test_the_order_and_the_policy_make_no_difference(alone: dict[str, list[bytes]], share: float) -> None:
    backwards = together(list(JOBS)[::-1], shortest_share=share, max_running=4, max_batch_rows=5)
    assert backwards == alone
