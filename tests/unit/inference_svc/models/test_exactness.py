"""The promise that a row's bits don't depend on its batch, on Flatland's own networks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from inference_svc.models import LoadedModel, ModelRunner
from inference_svc.work import BatchKey, DecodeRow, DenoiseRow, EncodeImageRow, EncodePromptRow, Row

ROWS = 16
NAME = "flatland"


@pytest.fixture(scope="module")
def runner(flatland: LoadedModel) -> ModelRunner:
    runner = ModelRunner()
    runner.hand_over(flatland)
    return runner


def normal(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(list(shape)).normal(size=shape).astype(np.float32)


def denoise_rows(shape: tuple[int, int], tokens: int, width: int) -> list[Row]:
    x, context = normal(ROWS, 4, *shape), normal(ROWS, tokens, width)
    sigmas = np.geomspace(0.03, 14.6, ROWS).tolist()
    return [DenoiseRow(NAME, sigma * x[i : i + 1], sigma, context[i : i + 1]) for i, sigma in enumerate(sigmas)]


def prompt_rows(flatland: LoadedModel) -> list[Row]:
    tokens = np.random.default_rng(1).integers(0, flatland.tokenizer.end_id, (ROWS, 77))
    return [EncodePromptRow(NAME, tokens[i : i + 1], clip_skip=1 + i % 3) for i in range(ROWS)]


def assert_alone_as_in_any_batch(runner: ModelRunner, key: BatchKey, rows: Sequence[Row]) -> None:
    """Runs every row alone, then batches of every size, which between them hold each row in company."""
    alone = [runner.run(key, [row])[0] for row in rows]
    for size in range(2, ROWS + 1):
        start = ROWS - size if size % 2 else 0
        batch = runner.run(key, rows[start : start + size])
        assert all(map(np.array_equal, batch, alone[start : start + size])), f"batch of {size}"


@pytest.mark.parametrize(("shape", "chunks"), [((16, 16), 1), ((9, 8), 2)])
def test_denoising_is_the_same_in_every_batch(
    runner: ModelRunner, flatland: LoadedModel, shape: tuple[int, int], chunks: int
) -> None:
    rows = denoise_rows(shape, 77 * chunks, flatland.facts.context_width)
    assert_alone_as_in_any_batch(runner, rows[0].key, rows)


def test_encoding_prompts_is_the_same_in_every_batch(runner: ModelRunner, flatland: LoadedModel) -> None:
    rows = prompt_rows(flatland)
    assert_alone_as_in_any_batch(runner, rows[0].key, rows)


def test_decoding_is_the_same_in_every_batch(runner: ModelRunner) -> None:
    latents = normal(ROWS, 4, 8, 9)
    rows = list(map(partial(DecodeRow, NAME), np.split(latents, ROWS)))
    assert_alone_as_in_any_batch(runner, rows[0].key, rows)


def test_encoding_images_is_the_same_in_every_batch(runner: ModelRunner) -> None:
    pixels = np.tanh(normal(ROWS, 3, 64, 72))
    rows = list(map(partial(EncodeImageRow, NAME), np.split(pixels, ROWS)))
    assert_alone_as_in_any_batch(runner, rows[0].key, rows)
