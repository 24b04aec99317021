"""From a generation to its pipelines, and to what the engine wants to know beforehand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import count
from typing import TypeAlias

from inference_svc.pipelines.image_to_image import image_to_image
from inference_svc.pipelines.passes import uses_negative
from inference_svc.pipelines.resume import NOWHERE, Standing, Standings, pass_number
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.pipelines.text_to_image import text_to_image
from inference_svc.prompts import part_count
from inference_svc.sampling import SamplingPlan, evaluation_count
from inference_svc.work import BatchKey, Kind, Pipeline

PipelineFactory: TypeAlias = Callable[[], Pipeline]


def plan_of(spec: GenerationSpec) -> SamplingPlan:
    """Returns the plan that all pictures share but for their noise. Raises InvalidArgument."""
    return spec.plan


def pictures(spec: GenerationSpec, standings: Standings = NOWHERE) -> tuple[tuple[PipelineFactory, ...], ...]:
    """Returns what makes the pipelines, batch by batch; pictures count through. Raises InvalidArgument.

    `standings`: where those stand that are gone on with; one that is delivered asks for nothing.
    """
    indices = count()
    for part in spec.passes:
        plan_of(part)
    return tuple(
        tuple(_factory(spec, picture, next(indices), standings) for picture in batch) for batch in spec.batches
    )


def evaluations(spec: GenerationSpec, standings: Standings = NOWHERE) -> int:
    """Returns how many rows of denoising a generation still takes, about: skipped negative prompts are counted."""
    return sum(_evaluations(spec, number, standings) for number in range(len(spec.passes)))


def _evaluations(spec: GenerationSpec, number: int, standings: Standings) -> int:
    """Those of all pictures in pass `number`: for each the parts of its prompt, and the negative prompt."""
    part = spec.passes[number]
    parts, negatives, whole = cache(part_count), int(uses_negative(part)), evaluation_count(part.plan)
    pictures = (picture.in_second_pass() if number else picture for batch in spec.batches for picture in batch)
    return sum(
        (parts(picture.prompt) + negatives) * _left(spec, number, whole, standings.get(index))
        for index, picture in enumerate(pictures)
    )


def _left(spec: GenerationSpec, number: int, whole: int, standing: Standing | None) -> int:
    """Evaluations that a picture still makes in a pass of `whole` ones."""
    if standing is None or number > pass_number(spec, standing.stage):
        return whole
    state = standing.state
    if state is None or state.done or number < pass_number(spec, standing.stage):
        return 0
    return max(0, whole - state.evaluations)


def step_count(spec: GenerationSpec) -> int:
    """Returns how many steps progress counts for each picture, over all of its passes."""
    return sum(part.plan.step_count for part in spec.passes)


def batch_key(spec: GenerationSpec) -> BatchKey:
    """Returns what its denoising is measured by: that of the first pass."""
    return BatchKey(Kind.DENOISE, spec.facts.name, spec.latent_shape, tiling=spec.tiles)


def _factory(spec: GenerationSpec, picture: PictureSpec, index: int, standings: Standings) -> PipelineFactory:
    standing = standings.get(index)
    if standing is not None and standing.state is None:
        return _nothing
    pipeline = text_to_image if spec.init is None else image_to_image
    return partial(pipeline, spec, picture, index, standing)


def _nothing() -> Pipeline:
    yield from ()
