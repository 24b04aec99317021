"""Plans of equal settings are made once; what is each picture's own is in each, and nobody's in another's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inference_svc.fake.facts import fake_facts
from inference_svc.rpc.conversion.latents import latents_message
from inference_svc.rpc.conversion.plans import plan_message
from inference_svc.rpc.denoising import prepare_latents
from inference_svc.sampling import ModelSigmas, NoiseSpec, SamplingPlan, make_plan
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import types_pb2 as t

FACTS = fake_facts()
SETTINGS = t.SamplerSettings(sampler="DPM++ 2M", scheduler="karras", steps=7)


def prepared(*seeds: int, **fields: Any) -> d.PrepareLatentsResponse:
    noises = [t.NoiseSpec(seed=seed) for seed in seeds]
    request = d.PrepareLatentsRequest(sampling=SETTINGS, width=128, height=64, noises=noises, **fields)
    return prepare_latents._prepared(request, FACTS)


def made(seed: int, **fields: Any) -> SamplingPlan:
    """The plan as the sampling package makes it, with nothing remembered."""
    sigmas = ModelSigmas.from_alphas_cumprod(FACTS.alphas_cumprod, FACTS.family)
    noise = NoiseSpec(seed=seed)
    return make_plan(sampler="DPM++ 2M", scheduler="karras", steps=7, model=sigmas, noise=noise, **fields)


def test_each_plan_has_the_noise_of_its_own_picture_in_every_request() -> None:
    for seeds in ((1, 2), (3,), (2, 1)):
        assert list(prepared(*seeds).plans) == [plan_message(made(seed), FACTS) for seed in seeds]


def test_what_one_caller_does_to_its_answer_reaches_no_other() -> None:
    first = prepared(1)
    first.plans[0].noise.seed = 5
    del first.plans[0].transitions[:]
    assert list(prepared(1).plans) == [plan_message(made(1), FACTS)]


def test_latents_to_start_from_are_in_their_own_plans_and_in_no_others() -> None:
    latents = np.random.default_rng(0).standard_normal((2, 4, 8, 16), np.float32)
    of_pictures = prepared(1, 2, init_latents=latents_message(latents), strength=0.5)
    expected = [made(seed, denoising_strength=0.5, init_latents=latents[i : i + 1]) for i, seed in enumerate((1, 2))]
    assert list(of_pictures.plans) == [plan_message(plan, FACTS) for plan in expected]
    assert not prepared(1).plans[0].HasField("init_latents")


def test_equal_settings_are_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(**fields: Any) -> SamplingPlan:
        asked.append(fields)
        return make_plan(**fields)

    monkeypatch.setattr(prepare_latents, "make_plan", counted)
    prepare_latents._from_noise.cache_clear()
    for _ in range(3):
        prepared(1, 2)
    assert len(asked) == 1
