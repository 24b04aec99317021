"""What a runner needs of the four networks of a model, whatever computes them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from inference_svc.work import Kind

Float32: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
Int64: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What networks can take, as read from them at load.

    `fixed_batch`: of kinds whose networks take that many rows and no other number. `latent_size`: the only height and
    width they take, in latent elements. `hidden_layers`: 1 where only the last layer can be had. `odd_sizes`: latents
    need not be divisible by the UNet's downsampling. `tileable`: they are also `Wrapping`,
    `spreading`: also `Spreading`.
    """

    hidden_layers: int
    per_row_timestep: bool = True
    fixed_batch: Mapping[Kind, int] = field(default_factory=lambda: MappingProxyType({}))
    latent_size: tuple[int, int] | None = None
    odd_sizes: bool = True
    tileable: bool = False
    spreading: bool = False


@runtime_checkable
class Wrapping(Protocol):
    """Networks whose convolutions can wrap around."""

    def wrapping(self) -> AbstractContextManager[None]:
        """Lets the edges of pictures be each other's neighbours until the end of the block."""
        ...


@runtime_checkable
class Spreading(Protocol):
    """Networks whose encoder tells how far what it encodes may lie from its mean."""

    def spread(self, pixels: Float32) -> Float32:
        """Returns the standard deviation of the latents of pixels (B, 3, H, W): (B, C, h, w), not scaled."""
        ...


class Networks(Protocol):
    """The networks of a loaded model, on the device. Rows never influence each other. Called by one thread only.

    All raise OutOfMemory, DeviceLost, or Internal for whatever else goes wrong in there.
    """

    @property
    def limits(self) -> Limits:
        """What they can take."""
        ...

    def hidden_states(self, tokens: Int64) -> Float32:
        """Returns each layer's output, normed, for tokens (B, 77): (L, B, 77, D), the last layer last."""
        ...

    def predict(self, sample: Float32, timesteps: Float32, context: Float32) -> Float32:
        """Returns what the UNet predicts for (B, C, h, w), (B,) and (B, T, D): (B, C, h, w)."""
        ...

    def encode(self, pixels: Float32) -> Float32:
        """Returns the mean of the latents of pixels (B, 3, H, W) in -1..1: (B, C, h, w), not scaled."""
        ...

    def decode(self, latents: Float32) -> Float32:
        """Returns pixels (B, 3, H, W) in about -1..1 for latents (B, C, h, w), not scaled."""
        ...
