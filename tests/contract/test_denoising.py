"""The denoising loop as callers drive it, piece by piece."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from inference_svc.sampling import SAMPLERS
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.engines import StartServer
from tests.contract.looping import (
    RAW,
    decoded,
    denoised,
    denoising,
    encoded,
    predicted,
    prepared,
    raw,
    stub,
    tensor,
    values,
)
from tests.contract.serving import PATIENCE_S, Serving, asked, make

PICTURE = np.random.default_rng(3).integers(0, 256, (70, 75, 3), np.uint8)


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


@pytest.mark.parametrize("sampler", ["Euler a", "DDIM", "DPM++ 2M SDE"])
async def test_begun_from_a_picture_it_is_what_is_generated_from_it(grpc_server: Serving, sampler: str) -> None:
    init = (await encoded(grpc_server, PICTURE, width=64, height=64)).latents
    run = await prepared(grpc_server, sampler, init_latents=init, strength=0.6)
    (last,) = await denoised(grpc_server, denoising(run))
    (picture,) = await decoded(grpc_server, last.state.x)
    start = g.InitImage(images=[raw(PICTURE)], strength=0.6)
    made = await make(grpc_server.generation, generation(sampler, init=start))
    assert picture.data == made.pictures[0].data


async def test_what_a_mask_keeps_is_kept(grpc_server: Serving) -> None:
    init = (await encoded(grpc_server, PICTURE, width=64, height=64)).latents
    mask = np.zeros((1, 1, 8, 8), np.float32)
    mask[..., 4:] = 1
    run = await prepared(grpc_server, "DPM++ 2M", init_latents=init, strength=0.5, mask=tensor(mask))
    (last,) = await denoised(grpc_server, denoising(run))
    kept = np.asarray(values(last.state.x) == values(init))
    assert kept[..., :4].all()
    assert not kept[..., 4:].all()
    assert [len(run.plans[0].transitions), last.state.step] == [3, 3]


async def test_every_step_is_sent_where_that_is_asked_for(grpc_server: Serving) -> None:
    run = await prepared(grpc_server, "Heun", seeds=(1, 2))
    sent = await denoised(grpc_server, denoising(run, yield_mode=d.YIELD_MODE_EVERY_STEP, request_id="all"))
    for index in (0, 1):
        states = [response.state for response in sent if response.index == index]
        assert [(state.step, state.done) for state in states] == [(1, False), (2, False), (3, False), (4, True)]
        alone = denoising(run, plans=run.plans[index : index + 1], states=run.states[index : index + 1], end_step=2)
        assert (await denoised(grpc_server, alone))[0].state == states[1]
    assert {response.request_id for response in sent} == {"all"}


async def test_two_equal_calls_give_equal_bytes(grpc_server: Serving) -> None:
    run = await prepared(grpc_server, "Euler a", seeds=(5,))
    first, again = [await denoised(grpc_server, denoising(run, request_id="same")) for _ in range(2)]
    assert [each.state for each in first] == [each.state for each in again]
    assert (await prepared(grpc_server, "Euler a", seeds=(5,))) == run


async def test_no_step_to_take_gives_the_state_back(grpc_server: Serving) -> None:
    run = await prepared(grpc_server)
    (same,) = await denoised(grpc_server, denoising(run, begin_step=0, end_step=0))
    assert same.state == run.states[0]
    (last,) = await denoised(grpc_server, denoising(run))
    assert (await denoised(grpc_server, denoising(run, states=[last.state])))[0].state == last.state


async def test_a_plan_of_no_steps_returns_what_it_starts_from(grpc_server: Serving) -> None:
    init = (await encoded(grpc_server, PICTURE, width=64, height=64)).latents
    run = await prepared(grpc_server, init_latents=init, strength=0.0, exact_steps=True)
    assert (len(run.plans[0].transitions), run.states[0].done) == (0, True)
    assert values(run.states[0].x).tobytes() == values(init).tobytes()


async def test_half_precision_is_sent_and_taken_where_it_is_asked_for(grpc_server: Serving) -> None:
    run = await prepared(grpc_server, "LMS")
    (half,) = await denoised(grpc_server, denoising(run, end_step=2, state_type=t.TENSOR_TYPE_FLOAT16))
    (whole,) = await denoised(grpc_server, denoising(run, end_step=2))
    assert half.state.x.type == t.TENSOR_TYPE_FLOAT16
    x = np.frombuffer(half.state.x.data, np.float16).astype(np.float32)
    np.testing.assert_array_equal(x, values(whole.state.x).ravel().astype(np.float16).astype(np.float32))
    assert half.state.history == whole.state.history
    (last,) = await denoised(grpc_server, denoising(run, states=[half.state]))
    assert last.state.x.type == t.TENSOR_TYPE_FLOAT32


async def test_words_and_what_is_made_of_them_do_the_same(grpc_server: Serving) -> None:
    texts = ["a [red:blue:0.5] circle AND a tree :0.5", "a house"]
    encode = d.EncodePromptRequest(prompts=texts, steps=4)
    made = await stub(grpc_server).EncodePrompt(encode, timeout=PATIENCE_S)
    negative = await stub(grpc_server).EncodePrompt(d.EncodePromptRequest(prompts=["fog AND ice"], negative=True))
    run = await prepared(grpc_server, seeds=(1, 2))
    words = denoising(
        run, prompts=[d.Prompt(text=text) for text in texts], negative_prompts=[d.Prompt(text="fog AND ice")]
    )
    tensors = denoising(
        run,
        prompts=[d.Prompt(conditioning=each) for each in made.conditionings],
        negative_prompts=[d.Prompt(conditioning=each) for each in negative.conditionings],
    )
    states = [
        {response.index: response.state for response in await denoised(grpc_server, request)}
        for request in (words, tensors)
    ]
    assert states[0] == states[1]
    assert [len(each.parts) for each in (*made.conditionings, *negative.conditionings)] == [2, 1, 1]


async def test_prompts_are_counted_and_what_they_lack_is_told(grpc_server: Serving) -> None:
    request = d.EncodePromptRequest(prompts=["", "tree <lora:moss:1>", "tree, " * 50])
    made = await stub(grpc_server).EncodePrompt(request, timeout=PATIENCE_S)
    assert list(made.warnings) == ["Lora not found: moss"]
    assert list(made.token_counts)[:2] == [0, 1]
    lengths = [each.parts[0].segments[0].context.shape[0] for each in made.conditionings]
    assert lengths == [77 * max(1, -(-count // 75)) for count in made.token_counts]
    (skipped,) = (
        await stub(grpc_server).EncodePrompt(d.EncodePromptRequest(prompts=["tree"], clip_skip=2))
    ).conditionings
    assert skipped != made.conditionings[1]


def named(count: int) -> list[d.Prompt]:
    """A prompt with the names of as many networks."""
    return [d.Prompt(text="tree " + "".join(f"<lora:moss{number}>" for number in range(count)))]


@pytest.mark.parametrize(("count", "more"), [(2, []), (200, ["184 more networks not found"])])
async def test_what_words_lack_is_told_in_the_first_response(grpc_server: Serving, count: int, more: list[str]) -> None:
    told = [f"Lora not found: moss{number}" for number in range(min(count, 16))] + more
    run = await prepared(grpc_server, seeds=(1, 2))
    steps = denoising(run, prompts=named(count), negative_prompts=named(3), yield_mode=d.YIELD_MODE_EVERY_STEP)
    first, *rest = await denoised(grpc_server, steps)
    assert (list(first.warnings), [list(each.warnings) for each in rest]) == (told, [[]] * 7)
    asked_for = {"x": run.states[0].x, "sigmas": [2.0], "prompts": named(count), "negative_prompts": named(3)}
    assert list((await predicted(grpc_server, **asked_for)).warnings) == told


async def test_conditionings_lack_nothing(grpc_server: Serving) -> None:
    encode = d.EncodePromptRequest(prompts=["tree <lora:moss>"])
    made = await stub(grpc_server).EncodePrompt(encode, timeout=PATIENCE_S)
    run, prompts = await prepared(grpc_server), [d.Prompt(conditioning=made.conditionings[0])]
    (last,) = await denoised(grpc_server, denoising(run, prompts=prompts))
    answer = await predicted(grpc_server, x=run.states[0].x, sigmas=[2.0], prompts=prompts)
    assert (list(made.warnings), list(last.warnings), list(answer.warnings)) == (["Lora not found: moss"], [], [])


async def test_negative_words_that_look_like_networks_are_words(grpc_server: Serving) -> None:
    encode = d.EncodePromptRequest(prompts=["tree <lora:moss>"], negative=True)
    assert list((await stub(grpc_server).EncodePrompt(encode, timeout=PATIENCE_S)).warnings) == []


async def test_solvers_of_two_evaluations_count_double_in_prompt_editing(grpc_server: Serving) -> None:
    ends = []
    for sampler in ("", "Euler", "Heun"):
        request = d.EncodePromptRequest(prompts=["a [cat:dog:0.5]"], steps=10, sampler=sampler)
        (made,) = (await stub(grpc_server).EncodePrompt(request)).conditionings
        ends.append([segment.last_evaluation for segment in made.parts[0].segments])
    assert ends == [[5, 10], [5, 10], [10, 20]]


async def test_rows_of_different_noise_are_predicted_as_each_is_alone(grpc_server: Serving) -> None:
    run = await prepared(grpc_server, seeds=(1, 2, 3))
    x, sigmas = np.concatenate([values(state.x) for state in run.states]), [14.0, 3.0, 0.1]
    prompts = [d.Prompt(text=text) for text in ("a cat", "a dog AND a bird", "a tree")]
    together = await predicted(grpc_server, x=tensor(x), sigmas=sigmas, prompts=prompts, return_uncond=True)
    for row, sigma in enumerate(sigmas):
        alone = await predicted(
            grpc_server, x=tensor(x[row : row + 1]), sigmas=[sigma], prompts=prompts[row : row + 1], return_uncond=True
        )
        np.testing.assert_array_equal(values(together.denoised)[row], values(alone.denoised)[0])
        np.testing.assert_array_equal(values(together.uncond)[row], values(alone.uncond)[0])


async def test_the_guided_prediction_is_the_unconditioned_one_and_more_of_the_difference(grpc_server: Serving) -> None:
    run = await prepared(grpc_server)
    usual = {"x": run.states[0].x, "sigmas": [2.0]}
    cond = await predicted(grpc_server, **usual, guidance=t.GuidanceSettings(scale=1))
    guided = await predicted(grpc_server, **usual, guidance=t.GuidanceSettings(scale=3), return_uncond=True)
    uncond = values(guided.uncond)
    np.testing.assert_allclose(
        values(guided.denoised), uncond + (values(cond.denoised) - uncond) * 3, rtol=1e-5, atol=1e-5
    )
    assert not cond.HasField("uncond")


async def test_the_unconditioned_prediction_is_told_though_it_does_not_act(grpc_server: Serving) -> None:
    run = await prepared(grpc_server)
    usual = {"x": run.states[0].x, "sigmas": [2.0]}
    both = await predicted(grpc_server, **usual, return_uncond=True)
    for fields in (
        {"guidance": t.GuidanceSettings(scale=1)},
        {"guidance": t.GuidanceSettings(min_uncond_sigma=3), "evaluation": 1},
    ):
        without, told = [
            await predicted(grpc_server, **usual, **fields, return_uncond=asked) for asked in (False, True)
        ]
        assert without.denoised == told.denoised != both.denoised
        assert told.uncond == both.uncond
    assert (await predicted(grpc_server, **usual, guidance=t.GuidanceSettings(min_uncond_sigma=3))) == (
        await predicted(grpc_server, **usual)
    )


async def test_prompt_editing_follows_the_evaluation_that_is_asked_for(grpc_server: Serving) -> None:
    usual: dict[str, Any] = {"x": (await prepared(grpc_server)).states[0].x, "sigmas": [2.0]}
    edited = (d.Prompt(text="a [red:blue:0.5] circle"),)
    first, last = [await predicted(grpc_server, **usual, prompts=edited, evaluation=index) for index in (10, 11)]
    red, blue = [
        await predicted(grpc_server, **usual, prompts=[d.Prompt(text=f"a {word} circle")]) for word in ("red", "blue")
    ]
    assert (first.denoised, last.denoised) == (red.denoised, blue.denoised)


async def test_pictures_are_decoded_each_whole_and_in_chunks(grpc_server: Serving) -> None:
    run = await prepared(grpc_server, seeds=(1, 2, 3))
    latents = np.concatenate([values(state.x) for state in run.states]) / 15
    one_by_one = [(await decoded(grpc_server, tensor(latents[row : row + 1])))[0].data for row in range(3)]
    output = t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB, chunk_bytes=1024)
    pictures = await decoded(grpc_server, tensor(latents), output)
    assert {picture.index: picture.data for picture in pictures} == dict(enumerate(one_by_one))
    assert [(picture.width, picture.height) for picture in pictures] == [(64, 64)] * 3
    (png,) = await decoded(grpc_server, tensor(latents[:1]), t.ImageOptions())
    assert Image.open(io.BytesIO(png.data)).convert("RGB").tobytes() == one_by_one[0]


async def test_a_picture_is_fitted_and_encoded(grpc_server: Serving) -> None:
    own = await encoded(grpc_server, PICTURE)
    assert list(own.latents.shape) == [1, 4, 8, 9]
    for mode in (t.RESIZE_MODE_UNSPECIFIED, t.RESIZE_MODE_CROP, t.RESIZE_MODE_FILL, t.RESIZE_MODE_LATENT):
        made = await encoded(grpc_server, PICTURE, width=96, height=64, resize_mode=mode)
        assert list(made.latents.shape) == [1, 4, 8, 12]


async def test_latents_are_drawn_around_the_mean_where_noise_is_given(grpc_server: Serving) -> None:
    mean = values((await encoded(grpc_server, PICTURE)).latents)
    seeds = [t.NoiseSpec(seed=seed) for seed in (1, 1, 2)]
    first, again, other = [values((await encoded(grpc_server, PICTURE, noise=noise)).latents) for noise in seeds]
    assert first.tobytes() == again.tobytes()
    assert (first != other).all()
    away, mirrored = first - mean, other - mean
    assert 0 < np.abs(away).mean() < np.abs(mean).mean()
    assert abs(np.corrcoef(away.ravel(), mirrored.ravel())[0, 1]) < 0.5


async def test_a_flat_picture_comes_back_from_its_latents(grpc_server: Serving) -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    (picture,) = await decoded(grpc_server, (await encoded(grpc_server, grey)).latents)
    assert abs(np.frombuffer(picture.data, np.uint8).astype(int) - 128).mean() < 12
