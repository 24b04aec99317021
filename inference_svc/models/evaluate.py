"""Rows -> one batch of a network -> the result of each row. All arrays here are NumPy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from inference_svc.models.networks import Float32, Networks, Spreading, Wrapping
from inference_svc.sampling import ModelSigmas, denoiser, to_numpy
from inference_svc.work import Array, Kind
from latentwire.errors import Internal

Rows: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Evaluator:
    """A model's networks with the numbers that lie between them and what rows hold."""

    networks: Networks
    sigmas: ModelSigmas
    prediction_type: str
    scaling_factor: float

    def run(self, kind: Kind, rows: Rows) -> list[Array]:
        """Returns the result of each row, in order; rows are of one kind and shape. See `work` for what rows hold."""
        with self._around(rows[0]):
            return _KINDS[kind](self, rows)

    def _around(self, row: Any) -> AbstractContextManager[None]:
        """Rows of one batch wrap around together, or not at all: it is part of their key."""
        if not getattr(row, "tiling", False):
            return nullcontext()
        if not isinstance(self.networks, Wrapping):
            raise Internal(f"the networks of {row.model} can't wrap around")
        return self.networks.wrapping()

    def denoise(self, rows: Rows) -> list[Array]:
        """Returns denoised (1, C, h, w) of each."""
        sigma = [row.sigma for row in rows]
        x, context = _stack([row.x for row in rows]), _stack([row.context for row in rows])
        timesteps = denoiser.timestep(sigma, self.sigmas)
        output = self.networks.predict(denoiser.scale_input(x, sigma), timesteps, context)
        return _split(denoiser.denoised(self.prediction_type, x, sigma, output))

    def encode_prompts(self, rows: Rows) -> list[Array]:
        """Returns (1, 77, D) of each; a clip_skip beyond the first layer means the first layer."""
        tokens = np.concatenate([np.asarray(to_numpy(row.tokens), np.int64) for row in rows])
        layers = self.networks.hidden_states(tokens)
        picked = [max(len(layers) - row.clip_skip, 0) for row in rows]
        return [layers[layer, index : index + 1].copy() for index, layer in enumerate(picked)]

    def encode_images(self, rows: Rows) -> list[Array]:
        """Returns scaled latents (1, C, h, w) of each; with noise, drawn from the encoder's distribution."""
        means = _split(self.networks.encode(_stack([row.pixels for row in rows])))
        drawn = [mean if row.noise is None else self._drawn(row, mean) for row, mean in zip(rows, means, strict=True)]
        return [latents * np.float32(self.scaling_factor) for latents in drawn]

    def _drawn(self, row: Any, mean: Array) -> Array:
        if not isinstance(self.networks, Spreading):
            raise Internal(f"the encoder of {row.model} tells its mean only")
        return mean + self.networks.spread(_stack([row.pixels])) * _stack([row.noise])

    def decode(self, rows: Rows) -> list[Array]:
        """Returns pixels (H, W, 3) uint8 of each, rounded half to even."""
        latents = _stack([row.latents for row in rows]) / np.float32(self.scaling_factor)
        pixels = np.nan_to_num((self.networks.decode(latents) + np.float32(1)) * np.float32(127.5))
        return [np.ascontiguousarray(picture.transpose(1, 2, 0)) for picture in _to_bytes(pixels)]


_KINDS: Mapping[Kind, Callable[[Evaluator, Rows], list[Array]]] = MappingProxyType(
    {
        Kind.DECODE: Evaluator.decode,
        Kind.ENCODE_IMAGE: Evaluator.encode_images,
        Kind.ENCODE_PROMPT: Evaluator.encode_prompts,
        Kind.DENOISE: Evaluator.denoise,
    }
)


def _stack(arrays: Sequence[Array]) -> Float32:
    return np.concatenate([np.asarray(to_numpy(array), np.float32) for array in arrays])


def _split(batch: Float32) -> list[Array]:
    """Copies, so that no row keeps the whole batch in memory."""
    return [batch[index : index + 1].copy() for index in range(len(batch))]


def _to_bytes(pixels: Float32) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
