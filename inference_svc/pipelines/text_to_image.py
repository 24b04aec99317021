"""From words to a picture."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from inference_svc.pipelines.beside import draws_at_once
from inference_svc.pipelines.delivery import deliver
from inference_svc.pipelines.hires import second_pass
from inference_svc.pipelines.passes import Pass, Sampled, pass_of, sample
from inference_svc.pipelines.resume import Standing, pass_number
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.sampling import SamplerState, first_state
from inference_svc.work import Ask, Compute, Pipeline


def text_to_image(spec: GenerationSpec, picture: PictureSpec, index: int, since: Standing | None = None) -> Pipeline:
    """Makes one picture, or goes on with it; `index` is its place in the request."""
    sampled = yield from _sampled(spec, picture, index, since)
    yield from deliver(spec, picture, index, sampled)


def _sampled(
    spec: GenerationSpec, picture: PictureSpec, index: int, since: Standing | None
) -> Generator[Ask, Any, Sampled]:
    if since is not None and (number := pass_number(spec, since.stage)):
        return (yield from sample(pass_of(spec, picture, index, number), since))
    first = yield from first_pass(pass_of(spec, picture, index), since)
    if spec.hires is None or first.stopped:
        return first
    return (yield from second_pass(spec.hires, pass_of(spec, picture, index, 1), first))


def first_pass(run: Pass, since: Standing | None = None) -> Generator[Ask, Any, Sampled]:
    """Samples from noise, or goes on from where the picture stands."""
    if since is None:
        since = Standing(run.stage, (yield from _begun(run)))
    return (yield from sample(run, since))


def _begun(run: Pass) -> Generator[Ask, Any, SamplerState]:
    shape = run.spec.latent_shape
    if draws_at_once(shape):
        return first_state(run.plan, shape)
    state: SamplerState = yield Compute(first_state, (run.plan, shape))
    return state
