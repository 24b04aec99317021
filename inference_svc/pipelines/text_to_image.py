"""From words to a picture."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from inference_svc.pipelines.beside import draws_at_once
from inference_svc.pipelines.delivery import deliver
from inference_svc.pipelines.hires import second_pass
from inference_svc.pipelines.passes import Pass, Sampled, pass_of, sample
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.sampling import SamplerState, first_state
from inference_svc.work import Ask, Compute, Pipeline


def text_to_image(spec: GenerationSpec, picture: PictureSpec, index: int) -> Pipeline:
    """Makes one picture; `index` is its place in the request."""
    sampled = yield from first_pass(pass_of(spec, picture, index))
    if spec.hires is not None and not sampled.stopped:
        sampled = yield from second_pass(spec.hires, pass_of(spec, picture, index, 1), sampled)
    yield from deliver(spec, picture, index, sampled)


def first_pass(run: Pass, state: SamplerState | None = None) -> Generator[Ask, Any, Sampled]:
    """Samples from noise, or goes on from a state."""
    if state is None:
        state = yield from _begun(run)
    return (yield from sample(run, state))


def _begun(run: Pass) -> Generator[Ask, Any, SamplerState]:
    shape = run.spec.latent_shape
    if draws_at_once(shape):
        return first_state(run.plan, shape)
    state: SamplerState = yield Compute(first_state, (run.plan, shape))
    return state
