"""From words to a picture."""

from __future__ import annotations

from inference_svc.pipelines.beside import draws_at_once
from inference_svc.pipelines.passes import deliver, prepare, sample
from inference_svc.pipelines.spec import GenerationSpec, PictureSpec
from inference_svc.sampling import SamplingPlan, first_state
from inference_svc.work import Compute, Pipeline


def text_to_image(spec: GenerationSpec, picture: PictureSpec, index: int, plan: SamplingPlan) -> Pipeline:
    """Makes one picture; `plan` is its own (see `plan_of`), `index` its place in the request."""
    guided = yield from prepare(spec, picture, plan)
    if draws_at_once(spec.latent_shape):
        state = first_state(plan, spec.latent_shape)
    else:
        state = yield Compute(first_state, (plan, spec.latent_shape))
    latents = yield from sample(index, plan, state, guided)
    yield from deliver(spec, picture, index, latents)
