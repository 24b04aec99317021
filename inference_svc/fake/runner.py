"""A runner whose model is a line of NumPy: what it predicts is the prompt's own pattern, plainly.

Every row is computed by itself, so that its bits don't depend on its batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference_svc.engine import DeviceLost
from inference_svc.work import (
    Array,
    BatchKey,
    DecodeRow,
    DenoiseRow,
    EncodeImageRow,
    EncodePromptRow,
    Kind,
    ModelFacts,
    Row,
    UpscaleRow,
)
from latentwire.errors import NotFound, OutOfMemory

CHANNELS = 4
SCALE = 8
CONTEXT_WIDTH = 16
UPSCALE = 2
_GAIN = 0.9
_SPREAD = 0.05


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What a device can do wrong: take time for each evaluation, have no memory, decode to a single pixel, get lost.

    `lost_at_batch` counts batches of evaluations from 1; 0: never.
    """

    step_time_s: float = 0.0
    out_of_memory: bool = False
    tiny: bool = False
    lost_at_batch: int = 0


class FakeRunner:
    """Computes batches at once, or in the time that it was told to take."""

    def __init__(
        self,
        facts: ModelFacts,
        misbehaviour: Misbehaviour | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._facts, self._misbehaviour, self._sleep = facts, misbehaviour or Misbehaviour(), sleep
        self.denoise_batches = 0

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Returns the result of each row."""
        if key.kind is Kind.DENOISE:
            self._take_time()
        return [self._result(row) for row in rows]

    def facts(self, model: str) -> ModelFacts:
        """Returns what is known of the one model. Raises NotFound."""
        if model != self._facts.name:
            raise NotFound(f"no model {model!r} is here", reason="MODEL_NOT_FOUND")
        return self._facts

    def max_rows(self, key: BatchKey) -> int | None:
        """No limit."""
        return None

    def _take_time(self) -> None:
        self.denoise_batches += 1
        if self._misbehaviour.out_of_memory:
            raise OutOfMemory("the fake's device has no memory, as it was told")
        if self.denoise_batches == self._misbehaviour.lost_at_batch:
            raise DeviceLost("the fake's device is lost, as it was told")
        if self._misbehaviour.step_time_s:
            self._sleep(self._misbehaviour.step_time_s)

    def _result(self, row: Row) -> Array:
        match row:
            case DenoiseRow():
                return denoise(row.x, row.sigma, row.context)
            case EncodePromptRow():
                return encode_prompt(row.tokens, row.clip_skip)
            case EncodeImageRow():
                return encode_image(row.pixels) if row.noise is None else drawn(encode_image(row.pixels), row.noise)
            case UpscaleRow():
                return upscale(row.pixels)
            case DecodeRow():
                return decode(row.latents)[:1, :1] if self._misbehaviour.tiny else decode(row.latents)


def denoise(x: Array, sigma: float, context: Array) -> Array:
    """The model: x (1, C, h, w) pulled towards the pattern of its context (1, T, D), the more the less is known."""
    keep = np.float32(_GAIN / (1 + sigma))
    return (x * keep + pattern(context, x.shape) * (1 - keep)).astype(np.float32)


def pattern(context: Array, shape: tuple[int, ...]) -> Array:
    """Waves (1, C, h, w) whose directions and phases the context gives."""
    mood = context[0].mean(axis=0, dtype=np.float64)
    rows, columns = np.mgrid[0 : shape[2], 0 : shape[3]] / np.float64(8)
    waves = [np.sin(4 * mood[c] * rows + 4 * mood[c + 4] * columns + 9 * mood[c + 8]) for c in range(shape[1])]
    return np.stack(waves)[None].astype(np.float32)


def encode_prompt(tokens: Array, clip_skip: int) -> Array:
    """Tokens (1, 77) -> (1, 77, D): a sine of each token's id and place, at D frequencies."""
    frequencies = np.arange(1, CONTEXT_WIDTH + 1) / np.float64(7 + clip_skip)
    places = np.arange(tokens.shape[1])
    return np.sin(np.multiply.outer(tokens * 31 + places % 5, frequencies)).astype(np.float32)


def decode(latents: Array) -> Array:
    """Latents (1, C, h, w) -> pixels (8 h, 8 w, 3) uint8: a linear map, each cell a square."""
    matrix = to_rgb()
    rgb = np.moveaxis(latents[0], 0, -1).astype(np.float32) @ matrix[:-1] + matrix[-1]
    cells = (np.clip(np.nan_to_num(rgb), 0, 1) * 255 + 0.5).astype(np.uint8)
    return cells.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def encode_image(pixels: Array) -> Array:
    """Pixels (1, 3, H, W) in -1..1 -> latents (1, C, h, w): means of 8×8 squares, `decode` undone."""
    _, _, height, width = pixels.shape
    cells = pixels.reshape(3, height // SCALE, SCALE, width // SCALE, SCALE).mean(axis=(2, 4)) / 2 + 0.5
    matrix = to_rgb().astype(np.float64)
    latents = (np.moveaxis(cells, 0, -1) - matrix[-1]) @ np.linalg.pinv(matrix[:-1])
    return np.moveaxis(latents, -1, 0)[None].astype(np.float32)


def drawn(latents: Array, noise: Array) -> Array:
    """Latents of a distribution as wide everywhere."""
    return (latents + noise * np.float32(_SPREAD)).astype(np.float32)


def upscale(pixels: Array) -> Array:
    """Pixels (1, 3, H, W) -> (1, 3, 2 H, 2 W): each a square of four."""
    return np.asarray(pixels).repeat(UPSCALE, axis=2).repeat(UPSCALE, axis=3)


def to_rgb() -> np.ndarray[Any, np.dtype[np.float32]]:
    """The map from latents to RGB in 0..1: (C + 1, 3), the last row a bias."""
    return np.asarray(
        [(0.4, 0.1, 0.0), (0.0, 0.4, 0.1), (0.1, 0.0, 0.4), (0.1, 0.1, 0.1), (0.5, 0.5, 0.5)], dtype=np.float32
    )
