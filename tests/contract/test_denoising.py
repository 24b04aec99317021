"""The denoising loop as callers drive it, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from inference_svc.sampling import SAMPLERS
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.looping import RAW, decoded, denoised, denoising, prepared
from tests.contract.serving import Serving, asked, make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def second_server(start_server: StartServer) -> AsyncIterator[Serving]:
    """Another replica."""
    async with start_server() as running:
        yield running


def generation(sampler: str, steps: int = 4, **fields: Any) -> g.GenerateImageRequest:
    sampling = t.SamplerSettings(sampler=sampler, steps=steps)
    return asked(sampling=sampling, output=RAW, **fields)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
async def test_prepared_denoised_and_decoded_it_is_what_is_generated(grpc_server: Serving, sampler: str) -> None:
    run = await prepared(grpc_server, sampler)
    (last,) = await denoised(grpc_server, denoising(run))
    (picture,) = await decoded(grpc_server, last.state.x)
    made = await make(grpc_server.generation, generation(sampler))
    assert picture.data == made.pictures[0].data
    assert (last.state.done, last.index) == (True, 0)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
async def test_split_at_every_step_over_two_servers_it_is_the_same_bytes(
    grpc_server: Serving, second_server: Serving, sampler: str
) -> None:
    run = await prepared(grpc_server, sampler)
    (unsplit,) = await denoised(grpc_server, denoising(run))
    state, servers = run.states[0], [second_server, grpc_server]
    while not state.done:
        one = denoising(run, states=[state], end_step=state.step + 1)
        (reached,) = await denoised(servers[state.step % 2], one)
        state = reached.state
    assert state.SerializeToString(deterministic=True) == unsplit.state.SerializeToString(deterministic=True)
