"""What lies between rows and networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference_svc.models import Device, LoadedModel, Loader, ModelRunner
from inference_svc.work import BatchKey, DecodeRow, DenoiseRow, EncodeImageRow, EncodePromptRow, Kind, Row
from latentwire.errors import Internal, NotFound
from tests.unit.inference_svc.models.tiny import CONFIGS, WIDTH, write_json

CONTEXT = np.zeros((1, 77, WIDTH), np.float32)
SIGMAS = (0.03, 1.0, 14.6)


def run(model: LoadedModel, *rows: Row) -> list[Any]:
    runner = ModelRunner()
    runner.hand_over(model)
    return runner.run(rows[0].key, rows)


def load(folder: Path) -> LoadedModel:
    return Loader(Device("cpu")).load("tiny", folder)


def denoise_rows() -> list[DenoiseRow]:
    x = np.random.default_rng(0).normal(size=(1, 4, 8, 8)).astype(np.float32)
    return [DenoiseRow("tiny", x * sigma, sigma, CONTEXT) for sigma in SIGMAS]


def test_epsilon_is_taken_from_x(tiny: Path) -> None:
    rows = denoise_rows()
    for row, denoised in zip(rows, run(load(tiny), *rows), strict=True):
        scaled = row.x / np.sqrt(row.sigma**2 + 1)
        np.testing.assert_allclose(denoised, row.x - row.sigma * scaled, rtol=1e-5, atol=1e-5)


def test_v_is_turned_into_denoised(tiny: Path) -> None:
    write_json(tiny / "scheduler/scheduler_config.json", {"prediction_type": "v_prediction"})
    rows = denoise_rows()
    for row, denoised in zip(rows, run(load(tiny), *rows), strict=True):
        spread = row.sigma**2 + 1
        scaled = row.x / np.sqrt(spread)
        np.testing.assert_allclose(
            denoised, row.x / spread - row.sigma / np.sqrt(spread) * scaled, rtol=1e-4, atol=1e-5
        )


def test_results_are_float32_of_one_row_each(tiny: Path) -> None:
    results = run(load(tiny), *denoise_rows())
    assert [(result.dtype, result.shape, result.base) for result in results] == [(np.float32, (1, 4, 8, 8), None)] * 3


def test_clip_skip_counts_layers_from_the_last(tiny: Path) -> None:
    tokens = np.full((1, 77), 2, np.int64)
    rows = [EncodePromptRow("tiny", tokens, clip_skip=skip) for skip in (1, 2, 12)]
    results = run(load(tiny), *rows)
    assert [result[0, 0, 0] for result in results] == [202.0, 102.0, 102.0]
    assert {result.shape for result in results} == {(1, 77, WIDTH)}


def test_latents_are_scaled_after_encoding_and_before_decoding(tiny: Path) -> None:
    model = load(tiny)
    pixels = np.full((1, 3, 16, 24), 0.5, np.float32)
    (latents,) = run(model, EncodeImageRow("tiny", pixels))
    np.testing.assert_array_equal(latents, np.full((1, 4, 2, 3), 0.5 * CONFIGS["vae/config.json"]["scaling_factor"]))
    (picture,) = run(model, DecodeRow("tiny", latents))
    assert (picture.shape, picture.dtype, picture.flags.c_contiguous) == ((16, 24, 3), np.uint8, True)


def test_an_encoder_that_tells_its_mean_alone_says_so_and_draws_nothing(tiny: Path) -> None:
    model, noise = load(tiny), np.ones((1, 4, 1, 1), np.float32)
    assert not model.facts.draws_latents
    with pytest.raises(Internal):
        run(model, EncodeImageRow("tiny", np.zeros((1, 3, 8, 8), np.float32), noise=noise))


def test_latents_are_drawn_for_the_row_that_brings_noise_alone(flatland_folder: Path) -> None:
    model = Loader(Device("cpu")).load("tiny", flatland_folder)
    pixels, noise = np.zeros((1, 3, 64, 64), np.float32), np.ones((1, 4, 8, 8), np.float32)
    plain, zero, drawn = run(
        model,
        EncodeImageRow("tiny", pixels),
        EncodeImageRow("tiny", pixels, noise=noise * 0),
        EncodeImageRow("tiny", pixels, noise=noise),
    )
    np.testing.assert_array_equal(plain, zero)
    assert (drawn > plain).all()


@pytest.mark.parametrize(
    ("value", "level"), [(-1.0, 0), (1.0, 255), (-9.0, 0), (9.0, 255), (0.0, 128), (1 / 255, 128), (np.nan, 0)]
)
def test_pixels_are_rounded_half_to_even_and_clipped(tiny: Path, value: float, level: int) -> None:
    latents = np.full((1, 4, 1, 1), value * 0.5, np.float32)
    (picture,) = run(load(tiny), DecodeRow("tiny", latents))
    assert np.unique(picture).tolist() == [level]


def test_torch_tensors_are_rows_too(tiny: Path) -> None:
    rows = denoise_rows()
    tensors = [replace(row, x=torch.from_numpy(row.x), context=torch.from_numpy(row.context)) for row in rows]
    model = load(tiny)
    assert all(map(np.array_equal, run(model, *tensors), run(model, *rows)))


def test_the_runner_knows_what_it_has_been_given(tiny: Path) -> None:
    runner, model = ModelRunner(), load(tiny)
    runner.hand_over(model)
    assert runner.facts("tiny") is model.facts
    runner.take_away("tiny")
    runner.take_away("tiny")
    with pytest.raises(NotFound, match="no model named 'tiny' is loaded"):
        runner.facts("tiny")


@pytest.mark.parametrize(
    ("kind", "shape", "budget", "expected"),
    [
        (Kind.DENOISE, (4, 8, 8), 1 << 30, 131072),
        (Kind.DENOISE, (4, 64, 64), 1 << 20, 1),
        (Kind.DECODE, (4, 64, 64), 1 << 30, 7),
        (Kind.ENCODE_IMAGE, (3, 512, 512), 1 << 30, 7),
        (Kind.ENCODE_PROMPT, (77,), 1 << 30, 1024),
    ],
)
def test_memory_bounds_a_batch(tiny: Path, kind: Kind, shape: tuple[int, ...], budget: int, expected: int) -> None:
    runner = ModelRunner()
    runner.hand_over(replace(load(tiny), budget=budget))
    assert runner.max_rows(BatchKey(kind, "tiny", shape)) == expected
