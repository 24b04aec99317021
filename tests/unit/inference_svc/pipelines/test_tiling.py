"""Pictures whose edges meet, where the model can make them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines import (
    GenerationSpec,
    HiresSettings,
    InitSettings,
    PromptedModel,
    RefinerSettings,
    SamplingSettings,
    batch_key,
    pictures,
)
from inference_svc.pipelines.upscaling import LANCZOS
from inference_svc.work import DecodeRow, DenoiseRow, EncodeImageRow, Evaluate
from tests.unit.inference_svc.pipelines.toys import FACTS, OTHER_FACTS, Words, run, spec

ABLE = replace(FACTS, tileable=True)
OTHER = PromptedModel(OTHER_FACTS, Words())


def tiled(able: bool, **fields: Any) -> GenerationSpec:
    made = spec(sampling=SamplingSettings(steps=4), **fields)
    return replace(made, tiling=True, facts=ABLE if able else FACTS)


def asked(job: GenerationSpec) -> list[tuple[type, str, bool]]:
    """Kind and model of every row that may wrap around, and whether it does."""
    asks = [ask for ask in run(pictures(job)[0][0]()).asks if isinstance(ask, Evaluate)]
    rows = [row for ask in asks for row in ask.rows]
    return [
        (type(row), row.model, row.tiling) for row in rows if isinstance(row, DenoiseRow | DecodeRow | EncodeImageRow)
    ]


@pytest.mark.parametrize("able", [False, True])
def test_all_rows_wrap_around_where_the_model_can(able: bool) -> None:
    job = tiled(able, init=InitSettings())
    assert {kind for kind, _, _ in asked(job)} == {DenoiseRow, DecodeRow, EncodeImageRow}
    assert {tiling for _, _, tiling in asked(job)} == {able}
    assert batch_key(job).tiling is able


def test_nothing_wraps_around_unasked() -> None:
    assert {tiling for _, _, tiling in asked(replace(tiled(True), tiling=False))} == {False}


def test_every_model_wraps_around_by_its_own_means() -> None:
    hires = HiresSettings(OTHER, (64, 48), (64, 48), LANCZOS)
    for job in (replace(tiled(True), hires=hires), replace(tiled(True), refiner=RefinerSettings(OTHER, 0.5))):
        assert {(model, tiling) for _, model, tiling in asked(job)} == {("toy", True), ("other", False)}


def test_rows_that_wrap_around_share_no_batch_with_others() -> None:
    latents = np.zeros((1, 4, 3, 4), np.float32)
    assert DecodeRow("toy", latents, tiling=True).key != DecodeRow("toy", latents).key
