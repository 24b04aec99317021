"""From a generation to its pipelines, and to what the engine wants to know beforehand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import count
from typing import TypeAlias

from inference_svc.pipelines.image_to_image import image_to_image
from inference_svc.pipelines.passes import uses_negative
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.pipelines.text_to_image import text_to_image
from inference_svc.prompts import part_count
from inference_svc.sampling import SamplingPlan, evaluation_count
from inference_svc.work import BatchKey, Kind, Pipeline

PipelineFactory: TypeAlias = Callable[[], Pipeline]


def plan_of(spec: GenerationSpec) -> SamplingPlan:
    """Returns the plan that all pictures share but for their noise. Raises InvalidArgument."""
    return spec.plan


def pictures(spec: GenerationSpec) -> tuple[tuple[PipelineFactory, ...], ...]:
    """Returns what makes the pipelines, batch by batch; pictures count through. Raises InvalidArgument."""
    indices = count()
    for part in spec.passes:
        plan_of(part)
    return tuple(tuple(_factory(spec, picture, next(indices)) for picture in batch) for batch in spec.batches)


def evaluations(spec: GenerationSpec) -> int:
    """Returns how many rows of denoising a generation takes, about: skipped negative prompts are counted."""
    return sum(
        _rows_per_evaluation(spec, number) * evaluation_count(part.plan) for number, part in enumerate(spec.passes)
    )


def _rows_per_evaluation(spec: GenerationSpec, number: int) -> int:
    """Those of all pictures in pass `number`: the parts of each prompt, and the negative prompt."""
    parts, negatives = cache(part_count), int(uses_negative(spec.passes[number]))
    pictures = (picture.in_second_pass() if number else picture for batch in spec.batches for picture in batch)
    return sum(parts(picture.prompt) + negatives for picture in pictures)


def step_count(spec: GenerationSpec) -> int:
    """Returns how many steps progress counts for each picture, over all of its passes."""
    return sum(part.plan.step_count for part in spec.passes)


def batch_key(spec: GenerationSpec) -> BatchKey:
    """Returns what its denoising is measured by: that of the first pass."""
    return BatchKey(Kind.DENOISE, spec.facts.name, spec.latent_shape, tiling=spec.tiles)


def _factory(spec: GenerationSpec, picture: PictureSpec, index: int) -> PipelineFactory:
    pipeline = text_to_image if spec.init is None else image_to_image
    return partial(pipeline, spec, picture, index)
