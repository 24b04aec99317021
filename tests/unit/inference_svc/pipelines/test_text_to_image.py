"""From words to a picture, against the sampling core driven directly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference_svc.pipelines import (
    GenerationSpec,
    GuidanceSettings,
    ImageFormat,
    OutputOptions,
    PromptSettings,
    SamplingSettings,
    Stage,
    pictures,
)
from inference_svc.prompts import Emphasis
from inference_svc.sampling import SAMPLERS, NoiseSpec, Prediction, SamplerState, first_state, guidance, solve
from inference_svc.work import Array, Compute, DecodeRow, DenoiseRow, EncodePromptRow, Evaluate
from tests.unit.inference_svc.pipelines.toys import Run, compute, run, spec

RAW = OutputOptions(ImageFormat.RAW_RGB)


def one(job: GenerationSpec) -> Run:
    return run(pictures(job)[0][0]())


def context_of(job: GenerationSpec, prompt: str) -> Array:
    words = job.tokenizer.encode(prompt)
    tokens = np.array([[1, *words, *[2] * (76 - len(words))]])
    return compute(EncodePromptRow("toy", tokens, job.prompts.clip_skip))


def expected_state(job: GenerationSpec, seed: int = 0) -> SamplerState:
    """The end of the path as the sampling core finds it, with guidance written out."""
    cond, uncond = context_of(job, "plain words"), context_of(job, "dull")
    plan = replace(job.plan, noise=replace(job.plan.noise, seed=seed))
    scale = job.guidance.scale / SAMPLERS[plan.sampler].guidance_divisor

    def denoise(x: Array, sigma: float) -> Prediction:
        with_prompt, without = (compute(DenoiseRow("toy", x, sigma, context)) for context in (cond, uncond))
        return Prediction(guidance.combine([(with_prompt, 1.0)], without, scale), without)

    return solve(plan, first_state(plan, job.latent_shape), denoise)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_a_picture_is_what_the_sampling_core_makes_decoded(sampler: str) -> None:
    job = spec(prompt="plain words", sampling=SamplingSettings(sampler, steps=5), output=RAW)
    expected = compute(DecodeRow("toy", expected_state(job).x))
    assert one(job).picture.data == expected.tobytes()


def test_every_step_is_reported_with_the_state_to_go_on_from() -> None:
    job = spec(prompt="plain words", sampling=SamplingSettings("DPM++ 2M", steps=4))
    steps = one(job).steps
    assert [(done.index, done.step, done.step_count, done.stage) for done in steps] == [
        (0, step, 4, Stage.FIRST_PASS) for step in (1, 2, 3, 4)
    ]
    assert [done.sigma for done in steps] == [transition.sigma_next for transition in job.plan.transitions]
    assert steps[-1].state == expected_state(job)
    assert all(done.denoised.shape == (1, *job.latent_shape) for done in steps)


def test_a_picture_knows_its_place_its_seeds_and_its_text() -> None:
    job = spec(seeds=(5, 6), noise=NoiseSpec(subseed=7), infotext="a house")
    picture = run(pictures(job)[0][1]()).picture
    assert (picture.index, picture.seed, picture.subseed, picture.infotext) == (1, 6, 7, "a house")
    assert (picture.width, picture.height, picture.format) == (32, 24, ImageFormat.PNG)
    assert picture.pixels.shape == (24, 32, 3)


def test_another_seed_is_another_picture() -> None:
    first, second = (run(make()).picture.data for make in pictures(spec(seeds=(5, 6)))[0])
    assert first != second


def test_the_prompt_and_the_negative_prompt_each_make_a_difference() -> None:
    base, other, dull = (
        one(job).picture.data for job in (spec(), spec(prompt="a blue house"), spec(negative_prompt="bright"))
    )
    assert len({base, other, dull}) == 3


def test_all_chunks_of_both_prompts_are_one_ask() -> None:
    job = spec(prompt=" ".join(["word"] * 80), negative_prompt="dull")
    (encoding,) = [
        ask.rows for ask in one(job).asks if isinstance(ask, Evaluate) and isinstance(ask.rows[0], EncodePromptRow)
    ]
    assert len(encoding) == 3


def test_a_long_prompt_s_chunks_are_joined_along_the_tokens() -> None:
    job = spec(prompt=" ".join(["word"] * 80))
    contexts = {row.context.shape for ask in one(job).asks if isinstance(ask, Evaluate) for row in _denoise(ask)}
    assert contexts == {(1, 154, 3), (1, 77, 3)}


def _denoise(ask: Evaluate) -> list[DenoiseRow]:
    return [row for row in ask.rows if isinstance(row, DenoiseRow)]


def test_weights_and_how_they_act_change_the_picture() -> None:
    modes = (Emphasis.ORIGINAL, Emphasis.NO_NORM, Emphasis.IGNORE, Emphasis.NONE)
    assert len({one(spec(prompts=PromptSettings(mode))).picture.data for mode in modes}) == 4


def test_clip_skip_reaches_the_text_encoder() -> None:
    assert one(spec(prompts=PromptSettings(clip_skip=2))).picture.data != one(spec()).picture.data


def test_a_scale_of_one_evaluates_the_prompt_alone() -> None:
    seen = one(spec(guidance=GuidanceSettings(scale=1.0), sampling=SamplingSettings(steps=3)))
    assert seen.denoised_rows == [1, 1, 1]
    assert sum(isinstance(ask, Evaluate) for ask in seen.asks) == 1 + 3 + 1


def test_a_scale_of_one_is_what_guidance_of_one_would_give() -> None:
    alone = one(spec(guidance=GuidanceSettings(scale=1.0), output=RAW)).picture.pixels
    both = one(spec(guidance=GuidanceSettings(scale=1.0 + 1e-9), output=RAW)).picture.pixels
    assert np.abs(alone.astype(int) - both.astype(int)).max() <= 1


def test_the_negative_prompt_is_left_out_at_every_other_evaluation_below_a_sigma() -> None:
    job = spec(sampling=SamplingSettings(steps=6))
    sigmas = [transition.sigma for transition in job.plan.transitions]
    job = replace(job, guidance=GuidanceSettings(min_uncond_sigma=(sigmas[1] + sigmas[2]) / 2))
    assert one(job).denoised_rows == [2, 2, 2, 1, 2, 1]


def test_the_negative_prompt_is_left_out_of_the_first_part() -> None:
    job = spec(sampling=SamplingSettings(steps=6), guidance=GuidanceSettings(skip_early=0.5))
    assert one(job).denoised_rows == [1, 1, 1, 1, 2, 2]


def test_the_same_request_gives_the_same_bytes() -> None:
    assert one(spec()).picture.data == one(spec()).picture.data


def test_long_prompts_much_noise_and_large_files_are_computed_beside_the_device() -> None:
    large = spec(prompt="a red house " * 100, width=512, height=512)
    functions = [ask.function.__name__ for ask in one(large).asks if isinstance(ask, Compute)]
    assert functions == ["first_state", "read_prompts", "files_of"]


def test_what_takes_no_time_waits_for_no_batch() -> None:
    assert [ask for ask in one(spec()).asks if isinstance(ask, Compute)] == []
