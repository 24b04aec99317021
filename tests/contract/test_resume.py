"""Resume points: a generation gone on with on another server is what it would have been."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from inference_svc.sampling import SAMPLERS
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import generation_service_pb2_grpc as gg
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.resuming import PIPELINES, delivered, files, pointed, points, resumed, slowest_step
from tests.contract.serving import Made, Serving, asked, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other_server(start_server: StartServer) -> AsyncIterator[Serving]:
    """A second server, which knows nothing of the first."""
    async with start_server() as running:
        yield running


@pytest.fixture
def elsewhere(other_server: Serving) -> gg.GenerationServiceAsyncStub:
    """GenerationService of the second server."""
    return other_server.generation


Files = dict[tuple[int, int], tuple[bytes, str]]


async def gone_on(elsewhere: Stub, request: g.GenerateImageRequest, taken: list[t.ResumePoint]) -> list[Files]:
    """What each point leads to."""
    made = await asyncio.gather(*(make(elsewhere, resumed(request, point)) for point in taken))
    return [files(each) for each in made]


def still_to_come(whole: Made, taken: list[t.ResumePoint]) -> list[Files]:
    """What each point must lead to: all that it does not call delivered."""
    return [{key: file for key, file in files(whole).items() if key[0] not in delivered(point)} for point in taken]


@pytest.mark.parametrize("sampler", SAMPLERS)
async def test_any_sampler_goes_on_with_what_it_remembers_to_the_same_bytes(
    generation: Stub, elsewhere: Stub, sampler: str
) -> None:
    """Every step of each is gone on from in the tests of the pipelines."""
    request = asked(sampling=t.SamplerSettings(sampler=sampler, steps=3, eta=0.7))
    whole = await make(generation, pointed(request))
    taken = [points(whole)[-2]]
    assert await gone_on(elsewhere, request, taken) == [files(whole)]


@pytest.mark.parametrize("name", PIPELINES)
async def test_any_pipeline_goes_on_from_any_step_to_the_same_bytes(
    generation: Stub, elsewhere: Stub, name: str
) -> None:
    whole = await make(generation, pointed(PIPELINES[name]))
    assert files(whole) == files(await make(elsewhere, PIPELINES[name]))
    assert await gone_on(elsewhere, PIPELINES[name], points(whole)) == still_to_come(whole, points(whole))


async def test_what_a_resumed_generation_makes_can_be_resumed_again(generation: Stub, elsewhere: Stub) -> None:
    request = asked(steps=4, batch_size=2, batch_count=2)
    whole = await make(generation, pointed(request))
    second = points(await make(elsewhere, resumed(request, points(whole)[1], resume_every=1)))
    assert [slowest_step(point) for point in second[:2]] == [3, 4]
    assert await gone_on(generation, request, second) == still_to_come(whole, second)
