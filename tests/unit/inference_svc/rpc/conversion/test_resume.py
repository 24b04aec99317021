"""Resume points as messages: their size, and what they leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.fake.facts import fake_facts
from inference_svc.fake.tokenizer import FakeTokenizer
from inference_svc.pipelines import (
    DELIVERED,
    GenerationSpec,
    PromptedModel,
    RefinerSettings,
    SamplingSettings,
    Stage,
    Standing,
    StepDone,
    pictures,
    standing_after,
)
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.conversion.resume import resume_point
from inference_svc.rpc.conversion.resume_identity import Identity, identity_of, request_digest
from inference_svc.rpc.conversion.resume_reading import read_resume_point
from inference_svc.rpc.conversion.spec import Job
from inference_svc.sampling import SAMPLERS, SamplerState
from inference_svc.work import UpscalerFacts
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.unit.inference_svc.pipelines.toys import OTHER_FACTS, Words, run, spec

_IDENTITY = Identity(b"digest", ("model", "other"))
_OTHER = PromptedModel(OTHER_FACTS, Words())
_BYTES = 2 * 4 * 3 * 4 * 4  # of x and of the prediction


def _standing(step: int, value: float = 0.5, stage: Stage = Stage.FIRST_PASS) -> Standing:
    latents = np.full((1, 4, 3, 4), value, np.float32)
    return Standing(stage, SamplerState(latents, step, step, draws=1), latents)


def _indices(point: t.ResumePoint) -> list[int]:
    return [picture.index for picture in point.pictures]


def _through(job: GenerationSpec, done: StepDone) -> Standing:
    """Where a picture stands, once that has been a message."""
    message = t.ResumePoint.FromString(resume_point(_IDENTITY, {0: standing_after(done)}).SerializeToString())
    return read_resume_point(message, _IDENTITY, job)[0]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_any_sampler_s_state_goes_on_from_a_message_to_the_same_bytes(sampler: str) -> None:
    plain = spec(sampling=SamplingSettings(sampler, steps=4))
    job = replace(plain, refiner=RefinerSettings(_OTHER, 0.8))
    whole = run(pictures(job)[0][0]())
    for done in whole.steps:
        assert run(pictures(job, {0: _through(job, done)})[0][0]()).picture.data == whole.picture.data


def test_a_point_that_would_be_too_large_leaves_out_who_has_come_least_far() -> None:
    standings = {0: _standing(1), 1: DELIVERED, 2: _standing(1, stage=Stage.HIRES_PASS), 3: _standing(2)}
    told = [_indices(resume_point(_IDENTITY, standings, most_bytes=count * _BYTES)) for count in (0, 1, 2, 3)]
    assert told == [[1], [1, 2], [1, 2, 3], [0, 1, 2, 3]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_that_has_come_to_no_number_is_left_out(value: float) -> None:
    assert _indices(resume_point(_IDENTITY, {0: _standing(1, value), 1: _standing(1)})) == [1]


def _digest(**fields: Any) -> bytes:
    request = g.GenerateImageRequest(noise=t.NoiseSpec(seed=1), **fields)
    return request_digest(request, resolve_request(request, fake_facts()))


def test_the_digest_is_of_what_pictures_depend_on() -> None:
    plain = _digest(prompt="x")
    assert _digest(prompt="x", priority=3, request_id="a", events=g.EventOptions(preview_every=1)) == plain
    assert len({plain, _digest(prompt="y"), _digest(prompt="x", batch_size=2), _digest(prompt="x", tiling=True)}) == 4


def test_the_digest_is_of_the_pictures_that_came_too() -> None:
    one, two = t.Image(data=b"ab"), t.Image(data=b"a")
    digests = {
        _digest(init=g.InitImage(images=[one])),
        _digest(init=g.InitImage(images=[two])),
        _digest(init=g.InitImage(images=[one]), inpaint=g.Inpaint(mask=two)),
        _digest(init=g.InitImage(images=[one]), inpaint=g.Inpaint(mask=one)),
    }
    assert len(digests) == 4


def test_every_model_and_network_is_named_once() -> None:
    facts = fake_facts()
    hires = UsableModel(replace(facts, digest="hires"), FakeTokenizer())
    network = UpscalerFacts("Network", 2, "path", digest="network")
    request = g.GenerateImageRequest(hires=g.HiresPass(upscaler="Network"), init=g.InitImage(upscaler="Network"))
    beside = Beside(hires, UsableModel(facts, FakeTokenizer()), (network,))
    job = Job(request, facts, FakeTokenizer(), beside=beside)
    assert identity_of(request, job).model_digests == (facts.digest, "hires", "network")
