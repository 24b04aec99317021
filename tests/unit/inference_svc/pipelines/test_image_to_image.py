"""From a picture and words to a picture."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines import (
    GenerationSpec,
    GuidanceSettings,
    ImageFormat,
    InitSettings,
    OutputOptions,
    ResizeMode,
    SamplingSettings,
    pictures,
)
from inference_svc.pipelines.colors import match_colors
from inference_svc.pipelines.noising import noised_state
from inference_svc.pipelines.upscaling import NEAREST
from inference_svc.sampling import NoiseSpec, first_state
from inference_svc.sampling.noise import draw
from inference_svc.work import DecodeRow, EncodeImageRow, Evaluate
from tests.unit.inference_svc.pipelines.toys import Run, compute, pixels, run, spec

LATENTS = np.linspace(-1, 1, 4 * 3 * 4, dtype=np.float32).reshape(1, 4, 3, 4)


def one(job: GenerationSpec) -> Run:
    return run(pictures(job)[0][0]())


def encoded(seen: Run) -> EncodeImageRow:
    rows = [ask.rows[0] for ask in seen.asks if isinstance(ask, Evaluate)]
    (row,) = [row for row in rows if isinstance(row, EncodeImageRow)]
    return row


@pytest.mark.parametrize(("strength", "steps"), [(0.0, 1), (0.5, 11), (0.75, 16), (1.0, 20)])
def test_the_strength_says_how_many_steps_are_run(strength: float, steps: int) -> None:
    assert [done.step_count for done in one(spec(init=InitSettings(strength))).steps] == [steps] * steps


def test_exact_steps_are_run_whatever_the_strength() -> None:
    assert len(one(spec(init=InitSettings(0.3, exact_steps=True))).steps) == 20


def test_a_pass_of_no_steps_gives_back_what_was_encoded() -> None:
    seen = one(spec(init=InitSettings(0.0, exact_steps=True), output=OutputOptions(ImageFormat.RAW_RGB)))
    assert (seen.steps, seen.denoised_rows) == ([], [])
    assert seen.picture.data == compute(DecodeRow("toy", compute(encoded(seen)))).tobytes()


def test_a_low_strength_keeps_more_of_the_picture() -> None:
    plain = GuidanceSettings(scale=1.0)
    kept = one(spec(init=InitSettings(0.0, exact_steps=True))).picture.pixels.astype(int)
    low, high = (one(spec(init=InitSettings(strength), guidance=plain)).picture.pixels for strength in (0.1, 0.9))
    assert np.abs(low - kept).mean() < np.abs(high - kept).mean()


def test_the_pixels_are_encoded_between_minus_one_and_one_at_the_size_asked_for() -> None:
    row = encoded(one(spec(init=InitSettings(), pixels=np.full((24, 32, 3), 255, np.uint8))))
    assert row.pixels.shape == (1, 3, 24, 32)
    assert (row.pixels.dtype, row.pixels.min(), row.pixels.max()) == (np.float32, 1.0, 1.0)


def test_the_latent_mode_encodes_the_picture_at_its_own_size_and_resizes_the_latents() -> None:
    seen = one(spec(init=InitSettings(resize_mode=ResizeMode.LATENT)))
    assert encoded(seen).pixels.shape == (1, 3, 40, 56)
    assert seen.picture.pixels.shape == (24, 32, 3)


@pytest.mark.parametrize("sampler", ["Euler", "DDIM"])
def test_the_first_state_is_the_sampling_core_s_where_nothing_is_changed(sampler: str) -> None:
    plan = replace(spec(init=InitSettings(), sampling=SamplingSettings(sampler)).plan, init_latents=LATENTS)
    assert noised_state(plan, InitSettings(), LATENTS) == first_state(plan, (4, 3, 4))


def test_the_noise_multiplier_scales_the_noise_alone() -> None:
    plan = replace(spec(init=InitSettings()).plan, init_latents=LATENTS, noise=NoiseSpec(seed=3))
    noise = draw(plan.noise, 0, (4, 3, 4))[None]
    state = noised_state(plan, InitSettings(noise_multiplier=0.5), LATENTS)
    assert np.allclose(state.x, LATENTS + 0.5 * plan.transitions[0].sigma * noise, rtol=1e-6)
    assert state.draws == 1


def test_extra_noise_is_added_to_the_noised_picture() -> None:
    plan = replace(spec(init=InitSettings()).plan, init_latents=LATENTS)
    noise = draw(plan.noise, 0, (4, 3, 4))[None]
    state = noised_state(plan, InitSettings(noise_multiplier=0.5, extra_noise=0.2), LATENTS)
    assert np.allclose(state.x, LATENTS + 0.5 * (plan.transitions[0].sigma + 0.2) * noise, rtol=1e-6)


def test_extra_noise_is_added_to_what_a_timestep_sampler_starts_from() -> None:
    """A1111 adds it to z = (x0 + s * noise) / sqrt(1 + s**2); x is z * sqrt(1 + sigma**2)."""
    plan = replace(spec(init=InitSettings(), sampling=SamplingSettings("DDIM")).plan, init_latents=LATENTS)
    noise = draw(plan.noise, 0, (4, 3, 4))[None]
    above, sigma = plan.noise.sigma_max, plan.transitions[0].sigma
    z = (LATENTS + above * noise) / math.sqrt(1 + above**2) + 0.2 * noise
    state = noised_state(plan, InitSettings(extra_noise=0.2), LATENTS)
    assert np.allclose(state.x, z * math.sqrt(1 + sigma**2), rtol=1e-5, atol=1e-6)


def test_noise_settings_change_nothing_where_no_step_is_run() -> None:
    init = InitSettings(0.0, exact_steps=True, extra_noise=1.0)
    plan = replace(spec(init=init).plan, init_latents=LATENTS)
    assert np.array_equal(noised_state(plan, init, LATENTS).x, LATENTS)


@pytest.mark.parametrize("mode", list(ResizeMode))
@pytest.mark.parametrize("init", [pixels(40, 56, 4), pixels(8, 9), pixels(300, 30)])
def test_pictures_of_any_size_become_the_size_asked_for(mode: ResizeMode, init: Any) -> None:
    seen = one(spec(init=InitSettings(resize_mode=mode), pixels=init, sampling=SamplingSettings(steps=2)))
    assert seen.picture.pixels.shape == (24, 32, 3)


def test_a_picture_that_is_too_small_is_enlarged_by_its_upscaler() -> None:
    init = InitSettings(0.0, exact_steps=True, upscaler=NEAREST)
    row = encoded(one(spec(init=init, pixels=pixels(12, 16))))
    seen = np.rint((row.pixels[0].transpose(1, 2, 0) + 1) * 127.5)
    assert np.array_equal(seen, pixels(12, 16).repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize("mode", [ResizeMode.STRETCH, ResizeMode.CROP, ResizeMode.FILL])
def test_a_picture_that_is_large_enough_needs_no_upscaler(mode: ResizeMode) -> None:
    plain, upscaled = (InitSettings(0.0, mode, True, upscaler=upscaler) for upscaler in (None, NEAREST))
    assert one(spec(init=upscaled)).picture.data == one(spec(init=plain)).picture.data


def test_the_latent_mode_enlarges_latents_alone() -> None:
    init = InitSettings(0.0, ResizeMode.LATENT, True, upscaler=NEAREST)
    assert encoded(one(spec(init=init, pixels=pixels(16, 16)))).pixels.shape == (1, 3, 16, 16)


def test_colours_are_matched_to_the_picture_when_asked_for() -> None:
    init, raw = InitSettings(0.9), OutputOptions(ImageFormat.RAW_RGB)
    red = np.zeros((24, 32, 3), np.uint8)
    red[..., 0] = np.linspace(50, 250, 32)
    plain = one(spec(init=init, pixels=red, output=raw)).picture
    matched = one(spec(init=replace(init, color_correction=True), pixels=red, output=raw)).picture
    assert np.array_equal(matched.pixels, match_colors(plain.pixels, red))
    assert matched.data == matched.pixels.tobytes()
