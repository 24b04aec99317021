"""The denoising loop by the Python clients: both ways of calling, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from latentwire.client import Conditioning, NoiseSpec, Prepared, SamplerSettings
from latentwire.errors import InvalidArgument, OutOfRange
from tests.contract.client_ways import Way, asked, connected
from tests.contract.serving import Serving

SIZE: dict[str, Any] = {"width": 64, "height": 64}


@pytest_asyncio.fixture(loop_scope="module", params=["sync", "async"])
async def client(request: pytest.FixtureRequest, grpc_server: Serving) -> AsyncIterator[Way]:
    async with connected(request.param, f"127.0.0.1:{grpc_server.server.port}") as client:
        yield client


async def prepared(client: Way, **options: Any) -> Prepared:
    """A small run."""
    seed = {} if "noises" in options else {"seed": 7}
    made: Prepared = await client.prepare(**{**SIZE, "steps": 3, "sampler": "Euler", **seed, **options})
    return made


async def test_prompts_are_read_with_their_lengths(client: Way) -> None:
    encoded = await client.encode_prompts(["a red circle", ""])
    assert len(encoded.conditionings) == 2
    assert (encoded.token_counts[1], encoded.token_counts[0] > 0) == (0, True)
    one = await client.encode_prompt("a red circle")
    assert isinstance(one, Conditioning)
    context = one.parts[0].segments[0].context
    assert context.tolist() == encoded.conditionings[0].parts[0].segments[0].context.tolist()


async def test_the_loop_by_hand_makes_the_picture_of_generate(client: Way) -> None:
    start = await prepared(client)
    (state,) = await client.denoise(start.plans, start.states, prompt="a red circle", cfg_scale=5.0)
    (picture,) = await client.decode(state.x)
    whole = await asked(client, steps=3, cfg_scale=5.0)
    assert (state.done, state.step) == (True, 3)
    assert picture.pixels.tolist() == whole.images[0].pixels.tolist()


async def test_each_step_is_yielded_and_may_be_gone_on_from(client: Way) -> None:
    start = await prepared(client, count=2)
    conditioning = await client.encode_prompt("a red circle")
    run: dict[str, Any] = {"prompt": conditioning, "negative_prompt": "blue", "cfg_scale": 2.0}
    states = [each async for each in client.denoise_iter(start.plans, start.states, **run)]
    assert sorted((each.index, each.state.step) for each in states) == [(i, n) for i in (0, 1) for n in (1, 2, 3)]
    half = await client.denoise(start.plans, start.states, end_step=2, **run)
    rest = await client.denoise(start.plans, half, **run)
    last = {each.index: each.state for each in states if each.state.step == 3}
    assert [state.x.tobytes() for state in rest] == [last[index].x.tobytes() for index in (0, 1)]


async def test_a_changed_state_is_taken_as_it_is(client: Way) -> None:
    start = await prepared(client)
    changed = [replace(state, x=state.x * 0.5) for state in start.states]
    one = await client.denoise(start.plans, start.states, prompt="red", end_step=1)
    other = await client.denoise(start.plans, changed, prompt="red", end_step=1)
    assert one[0].x.tobytes() != other[0].x.tobytes()


async def test_a_sampler_of_ones_own_is_euler(client: Way) -> None:
    start = await prepared(client)
    (state,), x = await client.denoise(start.plans, start.states, prompt="red", cfg_scale=2.0), start.states[0].x
    for step in start.plans[0].transitions:
        answer = await client.predict_denoised(x, step.sigma, prompt="red", cfg_scale=2.0)
        x = x + (x - answer.denoised) / step.sigma * (step.sigma_next - step.sigma)
    assert np.allclose(x, state.x, atol=1e-4)


async def test_a_prediction_takes_a_sigma_for_each_row_and_tells_the_unconditioned_one(client: Way) -> None:
    start = await prepared(client, noises=[NoiseSpec(seed=7), NoiseSpec(seed=8)])
    x = np.concatenate([state.x for state in start.states])
    answer = await client.predict_denoised(x, [3.0, 1.0], prompt=["red", "blue"], cfg_scale=2.0, return_uncond=True)
    assert answer.denoised.shape == answer.uncond.shape == x.shape
    alone = await client.predict_denoised(x[1:], 1.0, prompt="blue", cfg_scale=2.0)
    assert alone.denoised.tobytes() == answer.denoised[1:].tobytes()
    assert alone.uncond is None


async def test_what_prompts_name_and_the_server_lacks_is_told(client: Way) -> None:
    start = await prepared(client)
    run: dict[str, Any] = {"prompt": "red <lora:moss:1>", "cfg_scale": 2.0}
    steps = [each.warnings async for each in client.denoise_iter(start.plans, start.states, **run)]
    assert steps == [("Lora not found: moss",), (), ()]
    assert (await client.predict_denoised(start.states[0].x, 1.0, **run)).warnings == ("Lora not found: moss",)


async def test_a_picture_becomes_latents_and_a_run_begins_from_them(client: Way) -> None:
    latents = await client.encode_image(Image.new("RGB", (64, 64), "red"))
    assert latents.shape == (1, 4, 8, 8)
    mask = np.ones((1, 1, 8, 8), np.float32)
    sampling = SamplerSettings(s_noise=1.0)
    start = await prepared(client, init_latents=latents, mask=mask, strength=0.5, sampling=sampling)
    assert start.plans[0].init_latents is not None
    assert start.plans[0].init_latents.tolist() == latents.tolist()
    assert len(start.plans[0].transitions) < 3


async def test_states_may_be_had_in_half_the_bytes(client: Way) -> None:
    start = await prepared(client)
    (state,) = await client.denoise(start.plans, start.states, prompt="red", end_step=1, state_type="float16")
    assert state.x.dtype == np.float16


async def test_what_the_server_refuses_is_named(client: Way) -> None:
    start = await prepared(client)
    with pytest.raises(OutOfRange):
        await client.denoise(start.plans, start.states, prompt="red", end_step=9)
    with pytest.raises(InvalidArgument) as raised:
        await client.predict_denoised(np.full((1, 4, 8, 8), np.nan, np.float32), 1.0, prompt="red")
    assert raised.value.violations[0].field.startswith("x")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 2, "noises": [NoiseSpec()]}, "noises"),
        ({"seed": -1}, "noises[0].seed"),
        ({"init_latents": np.zeros((1, 4, 8, 8), complex)}, "init_latents"),
    ],
)
async def test_what_cannot_be_sent_is_named(client: Way, options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        await client.prepare(**SIZE, **options)
    assert [violation.field for violation in raised.value.violations] == [field]


async def test_other_things_than_prompts_are_refused(client: Way) -> None:
    start = await prepared(client)
    with pytest.raises(InvalidArgument, match=r"prompt\[0\]: 7 is not allowed"):
        await client.denoise(start.plans, start.states, prompt=[7])
    with pytest.raises(InvalidArgument, match="state_type: 'bfloat16'"):
        await client.denoise(start.plans, start.states, prompt="red", state_type="bfloat16")
