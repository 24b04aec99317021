"""The second, larger pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines import (
    LATENT_MODES,
    GenerationSpec,
    GuidanceSettings,
    HiresSettings,
    ImageFormat,
    OutputOptions,
    PromptedModel,
    RefinerSettings,
    SamplingSettings,
    Stage,
    evaluations,
    pictures,
    step_count,
)
from inference_svc.pipelines.hires import middle
from inference_svc.pipelines.latent_scaling import rescaled
from inference_svc.pipelines.noising import noised_state
from inference_svc.pipelines.spec import InitSettings
from inference_svc.pipelines.upscaling import LANCZOS, NEAREST, UpscaleSpec, upscale
from inference_svc.work import DecodeRow, DenoiseRow, EncodeImageRow, EncodePromptRow, Evaluate, Report, Row
from tests.unit.inference_svc.pipelines.toys import FACTS, OTHER_FACTS, Run, Words, compute, run, spec

MODEL = PromptedModel(FACTS, Words())
OTHER = PromptedModel(OTHER_FACTS, Words())


def hires(**changes: Any) -> HiresSettings:
    usual: dict[str, Any] = {"model": MODEL, "cover": (64, 48), "size": (64, 48), "sampling": SamplingSettings(steps=3)}
    return HiresSettings(**{**usual, **changes})


def job(settings: HiresSettings, **fields: Any) -> GenerationSpec:
    usual = {"sampling": SamplingSettings(steps=4), "output": OutputOptions(ImageFormat.RAW_RGB)}
    return replace(spec(**{**usual, **fields}), hires=settings)


def one(made: GenerationSpec, picture: int = 0) -> Run:
    return run(pictures(made)[0][picture]())


def rows(seen: Run, kind: type[Any]) -> list[Any]:
    found: list[Row] = [row for ask in seen.asks if isinstance(ask, Evaluate) for row in ask.rows]
    return [row for row in found if isinstance(row, kind)]


def first_latents(made: GenerationSpec) -> Any:
    """What the first pass ends with."""
    return one(replace(made, hires=None)).steps[-1].state.x


def test_both_passes_report_their_steps_and_their_place_among_all() -> None:
    seen = one(job(hires()))
    told = [(done.stage, done.step, done.step_count, done.steps_before, done.steps_in_all) for done in seen.steps]
    assert told[:4] == [(Stage.FIRST_PASS, step, 4, 0, 7) for step in (1, 2, 3, 4)]
    assert told[4:] == [(Stage.HIRES_PASS, step, 3, 4, 7) for step in (1, 2, 3)]
    assert {done.pass_count for done in seen.steps} == {2}


def test_steps_and_evaluations_of_both_passes_are_counted_beforehand() -> None:
    made = job(hires(sampling=SamplingSettings("Heun", steps=3), guidance=GuidanceSettings(1.0)), seeds=(0, 1))
    assert (step_count(made), evaluations(made)) == (7, 2 * (2 * 4 + 2 * 3))


@pytest.mark.parametrize("mode", list(LATENT_MODES))
def test_no_strength_leaves_the_enlarged_latents(mode: str) -> None:
    made = job(hires(upscaler=mode, strength=0.0))
    seen = one(made)
    enlarged = rescaled(first_latents(made), 6, 8, LATENT_MODES[mode])
    assert np.array_equal(seen.picture.pixels, compute(DecodeRow("toy", enlarged)))
    assert len(seen.steps) == 4


@pytest.mark.parametrize("upscaler", [LANCZOS, NEAREST])
def test_an_image_upscaler_enlarges_the_decoded_picture(upscaler: Any) -> None:
    made = job(hires(upscaler=upscaler, strength=0.0))
    decoded = compute(DecodeRow("toy", first_latents(made)))
    larger = whole(upscale(UpscaleSpec(upscaler, 64, 48), decoded))
    (row,) = rows(one(made), EncodeImageRow)
    assert np.array_equal(np.rint((row.pixels[0].transpose(1, 2, 0) + 1) * 127.5), larger)


def whole(asks: Any) -> Any:
    """What a generator that only computes returns."""
    ask = next(asks)
    try:
        while True:
            ask = asks.send(ask.function(*ask.arguments))
    except StopIteration as end:
        return end.value


def test_the_second_pass_begins_with_fresh_noise_on_the_enlarged_latents() -> None:
    made = job(hires(strength=0.5))
    first = rows(one(made), DenoiseRow)[8]
    own, latents = made.passes[1], rescaled(first_latents(made), 6, 8, LATENT_MODES["Latent"])
    plan = replace(own.plan, init_latents=latents, noise=replace(own.plan.noise, seed=0))
    assert np.array_equal(first.x, noised_state(plan, InitSettings(0.5), latents).x)


def test_what_covers_the_target_is_cut_to_its_middle() -> None:
    made = job(hires(upscaler="Latent", cover=(64, 48), size=(32, 48), strength=0.0))
    enlarged = rescaled(first_latents(made), 6, 8, LATENT_MODES["Latent"])
    assert np.array_equal(one(made).picture.pixels, compute(DecodeRow("toy", enlarged[..., 2:6])))


def test_the_middle_of_an_odd_rest_lies_towards_the_start() -> None:
    latents = np.arange(5, dtype=np.float32).reshape(1, 1, 1, 5)
    assert middle(latents, 1, 2).flat[0] == 1


def test_the_second_pass_has_its_own_words_and_guidance() -> None:
    made = job(hires(guidance=GuidanceSettings(1.0)))
    picture = replace(made.batches[0][0], hires_prompt="something else")
    seen = one(replace(made, batches=((picture,),)))
    assert seen.denoised_rows == [2, 2, 2, 2, 1, 1, 1]
    contexts = [row.context for row in rows(seen, DenoiseRow)]
    assert not np.array_equal(contexts[0], contexts[-1])


def test_without_words_of_its_own_the_second_pass_has_the_first_one_s() -> None:
    contexts = [row.context for row in rows(one(job(hires())), DenoiseRow)]
    assert np.array_equal(contexts[0], contexts[8])


def test_another_model_encodes_the_words_evaluates_and_decodes_the_second_pass() -> None:
    seen = one(job(hires(model=OTHER, upscaler=LANCZOS)))
    assert [row.model for row in rows(seen, DenoiseRow)] == ["toy"] * 8 + ["other"] * 6
    assert {row.model for row in rows(seen, EncodePromptRow)} == {"toy", "other"}
    assert [row.model for row in rows(seen, DecodeRow)] == ["toy", "other"]
    assert [row.model for row in rows(seen, EncodeImageRow)] == ["other"]


def test_a_batch_has_what_its_pictures_have_alone() -> None:
    batch = job(hires(), seeds=(5, 6))
    assert one(batch, 1).picture.data == one(job(hires(), seeds=(6,))).picture.data


@pytest.mark.parametrize("upscaler", ["Latent", LANCZOS])
def test_wherever_it_is_stopped_there_is_at_most_one_picture_and_once_it_has_predicted_there_is_one(
    upscaler: Any,
) -> None:
    made = job(hires(upscaler=upscaler))
    asks = one(made).asks
    first = next(number for number, ask in enumerate(asks) if is_denoising(ask))
    for number, ask in enumerate(asks):
        if not isinstance(ask, Report):
            seen = run(pictures(made)[0][0](), stop_at=lambda _, at, number=number: at >= number)  # type: ignore[misc]
            assert len(seen.pictures) == (number > first)


def is_denoising(ask: object) -> bool:
    return isinstance(ask, Evaluate) and isinstance(ask.rows[0], DenoiseRow)


@pytest.mark.parametrize("upscaler", ["Latent", LANCZOS])
def test_stopped_before_the_second_pass_has_predicted_there_is_the_first_one_s_picture(upscaler: Any) -> None:
    made = job(hires(upscaler=upscaler))
    denoising = [number for number, ask in enumerate(one(made).asks) if is_denoising(ask)]
    small = one(replace(made, hires=None)).picture.data
    for number in range(denoising[3] + 1, denoising[4] + 1):
        seen = run(pictures(made)[0][0](), stop_at=lambda _, at, number=number: at >= number)  # type: ignore[misc]
        assert seen.picture.data == small


def test_stopped_in_the_first_pass_there_is_its_last_prediction() -> None:
    made = job(hires())
    denoising = [number for number, ask in enumerate(one(made).asks) if is_denoising(ask)]
    seen = run(pictures(made)[0][0](), stop_at=lambda _, number: number >= denoising[2])
    assert np.array_equal(seen.picture.pixels, compute(DecodeRow("toy", seen.steps[-1].denoised)))
    assert [done.stage for done in seen.steps] == [Stage.FIRST_PASS] * 2


def test_stopped_in_the_second_pass_there_is_its_last_prediction() -> None:
    made = job(hires())
    denoising = [number for number, ask in enumerate(one(made).asks) if is_denoising(ask)]
    seen = run(pictures(made)[0][0](), stop_at=lambda _, number: number >= denoising[5])
    assert seen.picture.pixels.shape == (48, 64, 3)
    assert np.array_equal(seen.picture.pixels, compute(DecodeRow("toy", seen.steps[-1].denoised)))


@pytest.mark.parametrize(
    ("first", "second", "models"),
    [
        (False, True, ["toy"] * 8 + ["toy"] * 2 + ["other"] * 4),
        (True, False, ["toy"] * 2 + ["other"] * 6 + ["toy"] * 6),
        (True, True, ["toy"] * 2 + ["other"] * 6 + ["toy"] * 2 + ["other"] * 4),
    ],
)
def test_a_refiner_acts_in_the_passes_that_it_is_for(first: bool, second: bool, models: list[str]) -> None:
    refiner = RefinerSettings(OTHER, 0.2, first=first, second=second)
    made = replace(job(hires(strength=1.0)), refiner=refiner)
    assert [row.model for row in rows(one(made), DenoiseRow)] == models
