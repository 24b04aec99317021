"""Every sampler through GenerateImage, the same against the fake and against the real engine."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from inference_svc.sampling import SAMPLERS
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import Made, asked, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub

STEPS = {"DDIM": 3, "DDIM CFG++": 3, "PLMS": 3, "DPM fast": 2}
"""Where four steps asked for are another number; DPM adaptive finds its own."""


def request(sampler: str, steps: int = 4) -> g.GenerateImageRequest:
    return asked(sampling=t.SamplerSettings(sampler=sampler, steps=steps))


def steps(made: Made) -> list[int]:
    return [event.progress.step for event in made.events if event.HasField("progress")]


def pixels(made: Made) -> bytes:
    return Image.open(io.BytesIO(made.pictures[0].data)).tobytes()


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - {"DPM adaptive"}))
async def test_a_sampler_makes_a_picture_and_reports_its_steps(generation: Stub, sampler: str) -> None:
    made = await make(generation, request(sampler))
    assert (made.kinds[-1], len(made.pictures)) == ("completed", 1)
    assert steps(made) == list(range(1, STEPS.get(sampler, 4) + 1))
    assert made.accepted.resolved.sampling.sampler == sampler


async def test_dpm_adaptive_ends_by_itself_whatever_steps_are_asked_for(generation: Stub) -> None:
    few, many = [await make(generation, request("DPM adaptive", count)) for count in (1, 99)]
    assert pixels(few) == pixels(many)
    assert few.completed.evaluations == many.completed.evaluations == 2 * 3 * steps(few)[-1]


async def test_all_samplers_at_once_give_the_bytes_that_each_gives_alone(generation: Stub) -> None:
    alone = [(await make(generation, request(sampler))).pictures[0].data for sampler in SAMPLERS]
    together = await asyncio.gather(*(make(generation, request(sampler)) for sampler in SAMPLERS))
    assert [made.pictures[0].data for made in together] == alone
