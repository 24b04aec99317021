"""A model in a few lines of NumPy, and a way to run a pipeline with nothing but a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from inference_svc.pipelines import GenerationSpec, InitSettings, PictureReady, PictureSpec, StepDone
from inference_svc.pipelines.spec import Pixels
from inference_svc.sampling import NoiseSpec
from inference_svc.work import (
    Array,
    Ask,
    BatchInfo,
    BatchKey,
    Compute,
    DecodeRow,
    DenoiseRow,
    EncodeImageRow,
    EncodePromptRow,
    Evaluate,
    ModelFacts,
    Pipeline,
    Report,
    Row,
    Stopped,
    UpscaleRow,
)
from latentwire.errors import NotFound

WIDTH = 3
"""Of the text encoder's output."""

FACTS = ModelFacts(
    name="toy",
    family="fake",
    digest="digest",
    sha256="sha",
    path="nowhere",
    runner="fake",
    prediction_type="epsilon",
    alphas_cumprod=tuple(np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2).tolist()),
    latent_channels=4,
    latent_scale=8,
    context_width=WIDTH,
    hidden_layers=12,
    native_size=64,
    size_multiple=8,
    min_size=16,
    max_size=128,
    max_pixels=128 * 128,
    per_row_timestep=True,
    memory_bytes=0,
    recommended_guidance=7.0,
    recommended_steps=20,
    latent_to_rgb=(),
)

OTHER_FACTS = replace(FACTS, name="other")
"""A second model, which computes the same."""


class Words:
    """A tokenizer: a word is a token, its id grows with its length and its letters."""

    start_id, end_id, pad_id, comma_id = 1, 2, 2, 3

    def encode(self, text: str) -> list[int]:
        """Returns an id for each word."""
        return [10 + sum(map(ord, word)) % 1000 for word in text.replace(",", " ").split()]


class ToyModel:
    """Computes each row by itself, not linearly in x, so that whatever leaks between rows shows."""

    def __init__(self) -> None:
        self.asked: list[tuple[Row, ...]] = []

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Returns each row's result."""
        return [compute(row) for row in rows]

    def max_rows(self, key: BatchKey) -> int | None:
        """No limit."""
        return None

    def facts(self, model: str) -> ModelFacts:
        """Knows two of a kind."""
        if model not in {FACTS.name, OTHER_FACTS.name}:
            raise NotFound(f"no model {model!r}")
        return FACTS if model == FACTS.name else OTHER_FACTS


def compute(row: Row) -> Array:
    """Returns what the model makes of a row."""
    match row:
        case DenoiseRow(x=x, sigma=sigma, context=context):
            said = np.square(context).mean(dtype=np.float32)
            return np.tanh(x / np.float32(1 + sigma)) + np.float32(0.1) * said
        case EncodePromptRow(tokens=tokens, clip_skip=skip):
            return np.sin(tokens[:, :, None] * np.arange(1, WIDTH + 1) / skip).astype(np.float32)
        case EncodeImageRow(pixels=pixels):
            return np.repeat(pixels[:, :1, ::8, ::8], 4, axis=1)
        case UpscaleRow(pixels=pixels):
            return np.asarray(pixels).repeat(2, axis=2).repeat(2, axis=3)
        case DecodeRow(latents=latents):
            large = latents[0, :3].repeat(8, axis=1).repeat(8, axis=2).transpose(1, 2, 0)
            return (np.clip(large * 0.25 + 0.5, 0, 1) * 255).astype(np.uint8)


@dataclass
class Run:
    """What became of a pipeline: its reports, its asks, the rows of its denoising asks."""

    reports: list[object] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    @property
    def steps(self) -> list[StepDone]:
        """The reports of steps."""
        return [report for report in self.reports if isinstance(report, StepDone)]

    @property
    def pictures(self) -> list[PictureReady]:
        """The reports of pictures."""
        return [report for report in self.reports if isinstance(report, PictureReady)]

    @property
    def picture(self) -> PictureReady:
        """The only picture."""
        (picture,) = self.pictures
        return picture

    @property
    def denoised_rows(self) -> list[int]:
        """How many rows each denoising ask had."""
        evaluations = [ask for ask in self.asks if isinstance(ask, Evaluate)]
        return [len(ask.rows) for ask in evaluations if isinstance(ask.rows[0], DenoiseRow)]


def answer(ask: Ask) -> Any:
    """Returns what the engine would."""
    match ask:
        case Evaluate(rows=rows):
            return tuple(compute(row) for row in rows)
        case Compute(function=function, arguments=arguments):
            return function(*arguments)
        case Report():
            return BatchInfo(1)


def run(pipeline: Pipeline, *, stop_at: Callable[[Ask, int], bool] = lambda ask, number: False) -> Run:
    """Runs a pipeline to its end; the first ask that `stop_at` picks, with its number, is answered with Stopped."""
    seen, stopped = Run(), False
    try:
        ask = next(pipeline)
        while True:
            seen.asks.append(ask)
            if isinstance(ask, Report):
                seen.reports.append(ask.event)
            if not stopped and not isinstance(ask, Report) and stop_at(ask, len(seen.asks) - 1):
                stopped = True
                ask = pipeline.throw(Stopped())
            else:
                ask = pipeline.send(answer(ask))
    except (StopIteration, Stopped):
        return seen


def pixels(height: int = 40, width: int = 56, channels: int = 3) -> Pixels:
    """A picture to start from."""
    values = np.arange(height * width * channels, dtype=np.uint32) * 2654435761 >> 13
    return values.reshape(height, width, channels).astype(np.uint8)


def spec(*, init: InitSettings | None = None, seeds: Sequence[int] = (0,), **fields: Any) -> GenerationSpec:
    """One batch of small pictures."""
    picture = PictureSpec(
        fields.pop("prompt", "a (red:1.3) house"),
        fields.pop("negative_prompt", "dull"),
        NoiseSpec(),
        infotext=fields.pop("infotext", "text"),
        init=fields.pop("pixels", pixels()) if init else None,
    )
    batch = tuple(replace(picture, noise=replace(fields.get("noise", NoiseSpec()), seed=seed)) for seed in seeds)
    fields.pop("noise", None)
    sizes = {"width": 32, "height": 24, **fields}
    return GenerationSpec(facts=FACTS, tokenizer=Words(), batches=(batch,), init=init, **sizes)
