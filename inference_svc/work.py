"""What pipelines ask and the engine answers: the vocabulary that pipelines, engine and runners share.

A pipeline is a generator, one for each picture. It yields asks and is sent the answers; it never calls a model.
A **row** is one model evaluation of one picture: the unit of scheduling. Rows with equal batch keys share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeAlias

Array: TypeAlias = Any  # any array of the array API standard: NumPy on the CPU, torch tensors on a GPU


class Kind(IntEnum):
    """Kinds of device work, in the order in which they are served: finishing frees memory.

    Upscaling is many tiles, each as long as a step: it comes last and takes turns with denoising.
    """

    DECODE = 0
    ENCODE_IMAGE = 1
    ENCODE_PROMPT = 2
    DENOISE = 3
    UPSCALE = 4


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What rows must have in common to share a batch."""

    kind: Kind
    model: str
    shape: tuple[int, ...]
    context_length: int = 0
    loras: tuple[tuple[str, float], ...] = ()
    timestep: float | None = None  # only for models that take one timestep a batch
    tiling: bool = False  # convolutions wrap around, in models whose facts say that they can


@dataclass(frozen=True, slots=True, eq=False)
class DenoiseRow:
    """One evaluation: x (1, C, H, W) at noise level sigma with context (1, T, D) -> denoised (1, C, H, W).

    x is in variance-exploding scale (x0 + sigma * noise), and so is the answer.
    """

    model: str
    x: Array
    sigma: float
    context: Array
    loras: tuple[tuple[str, float], ...] = ()
    tiling: bool = False

    @property
    def key(self) -> BatchKey:
        shape, length = tuple(self.x.shape[1:]), int(self.context.shape[1])
        return BatchKey(Kind.DENOISE, self.model, shape, length, self.loras, tiling=self.tiling)


@dataclass(frozen=True, slots=True, eq=False)
class EncodePromptRow:
    """One chunk of tokens (1, 77) int64 -> (1, 77, D), the clip_skip-th last hidden state, normed."""

    model: str
    tokens: Array
    clip_skip: int = 1

    @property
    def key(self) -> BatchKey:
        return BatchKey(Kind.ENCODE_PROMPT, self.model, tuple(self.tokens.shape[1:]))


@dataclass(frozen=True, slots=True, eq=False)
class EncodeImageRow:
    """Pixels (1, 3, H, W) in -1..1 -> latents (1, C, h, w), scaled: the mean of the encoder's distribution.

    With `noise`, standard normal and of the latents' shape, they are what it draws; models' facts say whether they can.
    """

    model: str
    pixels: Array
    tiling: bool = False
    noise: Array | None = None

    @property
    def key(self) -> BatchKey:
        return BatchKey(Kind.ENCODE_IMAGE, self.model, tuple(self.pixels.shape[1:]), tiling=self.tiling)


@dataclass(frozen=True, slots=True, eq=False)
class DecodeRow:
    """Latents (1, C, h, w), scaled -> pixels (H, W, 3) uint8."""

    model: str
    latents: Array
    tiling: bool = False

    @property
    def key(self) -> BatchKey:
        return BatchKey(Kind.DECODE, self.model, tuple(self.latents.shape[1:]), tiling=self.tiling)


@dataclass(frozen=True, slots=True, eq=False)
class UpscaleRow:
    """A tile (1, 3, H, W) float32 in 0..1 -> (1, 3, s H, s W) float32 in 0..1. `model`: the upscaler, of scale s."""

    model: str
    pixels: Array

    @property
    def key(self) -> BatchKey:
        return BatchKey(Kind.UPSCALE, self.model, tuple(self.pixels.shape[1:]))


Row: TypeAlias = DenoiseRow | EncodePromptRow | EncodeImageRow | DecodeRow | UpscaleRow


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Device work. Answer: a tuple with the result of each row, in the order asked."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Compute:
    """Work of over a millisecond that is neither model nor sampler arithmetic. Answer: what the function returns.

    Runs in a small thread pool; the function must be pure and must not touch the device.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Something for whoever listens to the request. Answered at once, with the rows that shared the last batch."""

    event: object


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """The answer to a Report: rows of the batch that this picture's last evaluation ran in."""

    rows: int


Ask: TypeAlias = Evaluate | Compute | Report
Pipeline: TypeAlias = Generator[Ask, Any, None]


class Stopped(Exception):
    """Thrown into a pipeline that is to end early with what it has."""


@dataclass(frozen=True, slots=True)
class UpscalerFacts:
    """What makes a picture larger. `scale`: along a side; 0: to any size at once, by interpolation.

    `tile`: the only height and width of a tile that its network takes. `most_tile_pixels`: of a tile, as far as memory
    allows; 0: not known. `digest`: SHA-256 of its network in hex. `load` makes its network ready to run, on any
    thread but the device's; once that is done it returns at once.
    """

    name: str
    scale: int = 0
    path: str = ""
    memory_bytes: int = 0
    tile: tuple[int, int] | None = None
    most_tile_pixels: int = 0
    digest: str = ""
    load: Callable[[], None] = field(default=lambda: None, compare=False)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What pipelines, validation and listings need to know of a loaded model; no session, no weights."""

    name: str
    family: str  # "sd1", "flatland", "fake", …
    digest: str  # identifies weights and configuration
    sha256: str
    path: str
    runner: str  # "onnxruntime-cpu", "onnxruntime-cuda", "torch", "fake"
    prediction_type: str  # "epsilon" or "v_prediction"
    alphas_cumprod: tuple[float, ...]
    latent_channels: int
    latent_scale: int  # pixels per latent element along a side
    context_width: int
    hidden_layers: int  # of the text encoder: the range of clip_skip
    native_size: int
    size_multiple: int
    min_size: int
    max_size: int
    max_pixels: int
    per_row_timestep: bool
    memory_bytes: int
    recommended_guidance: float
    recommended_steps: int
    latent_to_rgb: tuple[tuple[float, ...], ...]  # (channels + 1) rows of RGB, the last a bias; empty: none
    tileable: bool = False  # convolutions can wrap around
    draws_latents: bool = False  # the encoder tells its distribution, not only the mean
