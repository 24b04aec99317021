"""From a generation to its pipelines, and to what the engine wants to know beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TypeAlias

from inference_svc.pipelines.image_to_image import image_to_image
from inference_svc.pipelines.passes import evaluation_count
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.pipelines.text_to_image import text_to_image
from inference_svc.sampling import SamplingPlan
from inference_svc.work import BatchKey, Kind, Pipeline

PipelineFactory: TypeAlias = Callable[[], Pipeline]


def plan_of(spec: GenerationSpec) -> SamplingPlan:
    """Returns the plan that all pictures share but for their noise. Raises InvalidArgument."""
    return spec.plan


def pictures(spec: GenerationSpec) -> tuple[tuple[PipelineFactory, ...], ...]:
    """Returns what makes the pipelines, batch by batch; pictures count through. Raises InvalidArgument."""
    plan, indices = spec.plan, count()
    return tuple(tuple(_factory(spec, picture, next(indices), plan) for picture in batch) for batch in spec.batches)


def evaluations(spec: GenerationSpec) -> int:
    """Returns how many rows of denoising a generation takes, about: skipped negative prompts are counted."""
    rows = 1 if spec.guidance.scale == 1 else 2
    return sum(map(len, spec.batches)) * rows * evaluation_count(spec.plan)


def batch_key(spec: GenerationSpec) -> BatchKey:
    """Returns what its denoising is measured by."""
    return BatchKey(Kind.DENOISE, spec.facts.name, spec.latent_shape)


def _factory(spec: GenerationSpec, picture: PictureSpec, index: int, plan: SamplingPlan) -> PipelineFactory:
    noise = replace(picture.noise, sigma_min=plan.noise.sigma_min, sigma_max=plan.noise.sigma_max)
    pipeline = text_to_image if spec.init is None else image_to_image
    return partial(pipeline, spec, picture, index, replace(plan, noise=noise))
