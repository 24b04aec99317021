"""What is repainted, and how it is put back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_svc.pipelines import (
    GenerationSpec,
    ImageFormat,
    ImageKind,
    InitSettings,
    InpaintSettings,
    MaskFill,
    OutputOptions,
    Remark,
    ResizeMode,
    SamplingSettings,
    pictures,
)
from inference_svc.pipelines.inpainting import begun, filled, masked_box
from inference_svc.sampling import SAMPLERS
from inference_svc.sampling.noise import NoiseSpec, draw
from inference_svc.work import DenoiseRow, EncodeImageRow, Evaluate
from tests.unit.inference_svc.pipelines.toys import Run, compute, pixels, run, spec

RAW = OutputOptions(ImageFormat.RAW_RGB)


def mask(height: int = 24, width: int = 32, box: tuple[int, int, int, int] | None = None) -> np.ndarray[Any, Any]:
    """White inside of top, bottom, left, right; without a box, everywhere."""
    values = np.zeros((height, width, 3), np.uint8)
    top, bottom, left, right = box or (0, height, 0, width)
    values[top:bottom, left:right] = 255
    return values


BLACK = np.zeros((24, 32, 3), np.uint8)
LEFT = mask(box=(0, 24, 0, 16))


def job(painted: np.ndarray[Any, Any], init: InitSettings | None = None, **changes: Any) -> GenerationSpec:
    plain: dict[str, Any] = {"sampling": SamplingSettings(steps=4), "pixels": pixels(24, 32), "output": RAW}
    plain |= {name: changes.pop(name) for name in ("sampling", "pixels", "seeds") if name in changes}
    inpaint = InpaintSettings(painted, **{"blur": (0, 0), **changes})
    return replace(spec(init=init or InitSettings(1.0), **plain), inpaint=inpaint)


def one(made: GenerationSpec) -> Run:
    return run(pictures(made)[0][0]())


def result(made: GenerationSpec) -> np.ndarray[Any, Any]:
    return one(made).pictures[0].pixels


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M", "DDIM"])
def test_a_white_mask_on_the_original_is_image_to_image(sampler: str) -> None:
    painted = job(mask(), fill=MaskFill.ORIGINAL, sampling=SamplingSettings(sampler, steps=5))
    assert np.array_equal(result(painted), result(replace(painted, inpaint=None)))


@pytest.mark.parametrize("fill", list(MaskFill))
@pytest.mark.parametrize("mode", [ResizeMode.STRETCH, ResizeMode.CROP, ResizeMode.FILL])
def test_a_black_mask_gives_back_the_picture(fill: MaskFill, mode: ResizeMode) -> None:
    painted = job(BLACK, InitSettings(1.0, mode), fill=fill)
    assert np.array_equal(result(painted), pixels(24, 32))


def test_without_overlay_a_black_mask_gives_what_the_latents_hold() -> None:
    painted = job(BLACK, overlay=False, fill=MaskFill.ORIGINAL)
    kept = job(BLACK, InitSettings(0.0, exact_steps=True), overlay=False, fill=MaskFill.ORIGINAL)
    assert np.array_equal(result(painted), result(kept))


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_keeps_the_latents_outside_of_the_mask(sampler: str) -> None:
    painted = job(LEFT, overlay=False, fill=MaskFill.ORIGINAL, sampling=SamplingSettings(sampler, steps=4))
    kept = result(job(BLACK, InitSettings(0.0, exact_steps=True), overlay=False, fill=MaskFill.ORIGINAL))
    made = result(painted)
    assert np.array_equal(made[:, 16:], kept[:, 16:])
    assert not np.array_equal(made[:, :16], kept[:, :16])


def test_predictions_hold_the_picture_outside_of_the_mask() -> None:
    seen = one(job(LEFT, fill=MaskFill.ORIGINAL))
    init = compute(encoded(seen))
    assert all(np.allclose(done.denoised[..., 2:], init[..., 2:]) for done in seen.steps)


def test_a_timestep_sampler_s_model_sees_the_picture_and_not_its_noise_outside_of_the_mask() -> None:
    seen = one(job(LEFT, fill=MaskFill.ORIGINAL, sampling=SamplingSettings("DDIM", steps=5)))
    init = compute(encoded(seen))
    asked = [ask.rows[0] for ask in seen.asks if isinstance(ask, Evaluate)]
    rows = [row for row in asked if isinstance(row, DenoiseRow)]
    assert all(np.allclose(row.x[..., 2:], init[..., 2:] * np.sqrt(1 + row.sigma**2), rtol=1e-5) for row in rows)


def is_denoising(ask: object) -> bool:
    return isinstance(ask, Evaluate) and isinstance(ask.rows[0], DenoiseRow)


def encoded(seen: Run) -> EncodeImageRow:
    rows = [ask.rows[0] for ask in seen.asks if isinstance(ask, Evaluate)]
    (row,) = [row for row in rows if isinstance(row, EncodeImageRow)]
    return row


def test_what_is_masked_is_encoded_filled_with_its_surroundings() -> None:
    grey = np.full((24, 32, 3), 100, np.uint8)
    grey[8:16, 8:16] = 255
    row = encoded(one(job(mask(box=(8, 16, 8, 16)), pixels=grey)))
    assert np.abs((row.pixels + 1) * 127.5 - 100).max() <= 2


def test_the_original_is_encoded_as_it_is() -> None:
    row = encoded(one(job(LEFT, fill=MaskFill.ORIGINAL)))
    assert np.array_equal(np.rint((row.pixels[0].transpose(1, 2, 0) + 1) * 127.5), pixels(24, 32))


def test_a_filled_picture_keeps_what_is_not_masked() -> None:
    image = Image.fromarray(pixels(24, 32))
    kept = np.asarray(filled(image, LEFT[..., 0]))[:, 16:]
    assert np.array_equal(kept, pixels(24, 32)[:, 16:])


def test_latent_noise_is_the_seed_s_own_without_its_variation() -> None:
    noise = NoiseSpec(seed=7, subseed=8, subseed_strength=0.5)
    painted = job(mask(), InitSettings(0.0, exact_steps=True), fill=MaskFill.LATENT_NOISE)
    picture = replace(painted.batches[0][0], noise=noise)
    made = result(replace(painted, batches=((picture,),)))
    expected = draw(NoiseSpec(seed=7), 0, (4, 3, 4))
    large = expected[:3].repeat(8, axis=1).repeat(8, axis=2).transpose(1, 2, 0)
    assert np.array_equal(made, (np.clip(large * 0.25 + 0.5, 0, 1) * 255).astype(np.uint8))


def test_latents_begin_as_noise_or_nothing_where_they_are_masked() -> None:
    latents, noise = np.full((1, 4, 1, 2), 3, np.float32), np.full((1, 4, 1, 2), 5, np.float32)
    where = np.array([[[[0, 1]]]], np.float32)
    made = [begun(latents, where, fill, given)[0, 0, 0].tolist() for fill, given in [
        (MaskFill.ORIGINAL, None), (MaskFill.LATENT_NOISE, noise), (MaskFill.LATENT_NOTHING, None),
    ]]  # fmt: skip
    assert made == [[3, 3], [3, 5], [3, 0]]


@pytest.mark.parametrize(
    ("white", "padding", "size", "box"),
    [
        ((10, 14, 10, 14), 0, (64, 64), (10, 10, 14, 14)),
        ((10, 14, 10, 14), 3, (64, 64), (7, 7, 17, 17)),
        ((10, 14, 10, 14), 0, (64, 32), (8, 10, 16, 14)),
        ((0, 4, 0, 4), 0, (32, 64), (0, 0, 4, 8)),
        ((20, 24, 28, 32), 0, (64, 32), (24, 20, 32, 24)),
        ((10, 14, 0, 32), 0, (64, 64), (0, 0, 32, 24)),
    ],
)
def test_the_box_holds_the_mask_and_grows_to_the_proportions(
    white: tuple[int, int, int, int], padding: int, size: tuple[int, int], box: tuple[int, ...]
) -> None:
    assert masked_box(mask(box=white)[..., 0], padding, size) == box


@settings(max_examples=50)
@given(
    corner=st.tuples(st.integers(0, 20), st.integers(0, 28)),
    extent=st.tuples(st.integers(1, 24), st.integers(1, 32)),
    padding=st.integers(0, 40),
    size=st.tuples(st.integers(8, 256), st.integers(8, 256)),
)
def test_a_box_lies_inside_and_holds_all_that_is_masked(
    corner: tuple[int, int], extent: tuple[int, int], padding: int, size: tuple[int, int]
) -> None:
    top, left = corner
    values = mask(box=(top, min(24, top + extent[0]), left, min(32, left + extent[1])))[..., 0]
    box = masked_box(values, padding, size)
    assert box is not None
    assert 0 <= box[0] < box[2] <= 32
    assert 0 <= box[1] < box[3] <= 24
    assert values[box[1] : box[3], box[0] : box[2]].sum() == values.sum()


def test_the_masked_part_alone_is_worked_on_at_full_size_and_put_back() -> None:
    white = mask(60, 80, (20, 30, 30, 40))
    painted = job(white, pixels=pixels(60, 80), only_masked=True, padding=2)
    made = result(painted)
    assert encoded(one(painted)).pixels.shape == (1, 3, 24, 32)
    assert np.array_equal(made[white[..., 0] == 0], pixels(60, 80)[white[..., 0] == 0])
    assert not np.array_equal(made[20:30, 30:40], pixels(60, 80)[20:30, 30:40])


def test_without_overlay_all_of_the_box_is_put_back() -> None:
    white = mask(60, 80, (20, 30, 30, 40))
    made = result(job(white, pixels=pixels(60, 80), only_masked=True, padding=4, overlay=False))
    box = masked_box(white[..., 0], 4, (32, 24))
    assert box is not None
    outside = np.ones((60, 80), bool)
    outside[box[1] : box[3], box[0] : box[2]] = False
    assert np.array_equal(made[outside], pixels(60, 80)[outside])
    assert (made[~outside] != pixels(60, 80)[~outside]).mean() > 0.5


def test_a_blank_mask_is_image_to_image_and_is_told() -> None:
    painted = job(BLACK, only_masked=True)
    seen = one(painted)
    assert np.array_equal(seen.picture.pixels, result(replace(painted, inpaint=None)))
    assert [type(report) for report in seen.reports if isinstance(report, Remark)] == [Remark]


def test_a_blurred_mask_covers_more_than_it_repaints_so_that_nothing_old_shines_through() -> None:
    """A1111 doubles the mask, up to white, before it lays the result over the picture."""
    white = np.full((24, 32, 3), 255, np.uint8)
    seen = one(job(LEFT, blur=(4, 4), pixels=white, return_mask=True))
    shown = seen.pictures[1].pixels[0, :, 0].astype(int)
    assert (shown[:16].min(), shown[16] > 200, shown[-1]) == (255, True, 0)


def test_mask_and_composite_are_reported_after_the_picture() -> None:
    seen = one(job(LEFT, return_mask=True, return_composite=True))
    assert [ready.kind for ready in seen.pictures] == list(ImageKind)
    whole, white, alone = seen.pictures
    assert np.array_equal(white.pixels, LEFT)
    assert np.array_equal(alone.pixels[..., 3], LEFT[..., 0])
    assert np.array_equal(alone.pixels[:, :16, :3], whole.pixels[:, :16])
    assert alone.format is ImageFormat.PNG


def test_a_mask_of_another_size_than_its_picture_is_resized() -> None:
    large = mask(48, 64, (0, 48, 0, 32))
    made, expected = (result(job(painted, fill=MaskFill.ORIGINAL)) for painted in (large, LEFT))
    away = np.r_[0:13, 19:32]  # from the edge, which resizing softens
    assert np.array_equal(made[:, away], expected[:, away])


@pytest.mark.parametrize("mode", list(ResizeMode))
@pytest.mark.parametrize("only_masked", [False, True])
@pytest.mark.parametrize("size", [(40, 56), (9, 70), (120, 30)])
def test_pictures_of_any_size_can_be_repainted_in_part(
    mode: ResizeMode, only_masked: bool, size: tuple[int, int]
) -> None:
    white = mask(*size, box=(size[0] // 3, size[0] // 2, size[1] // 3, size[1] // 2))
    init = InitSettings(0.6, mode, color_correction=True)
    made = result(job(white, init, pixels=pixels(*size, 4), only_masked=only_masked, blur=(2, 1)))
    assert made.shape == ((*size, 3) if only_masked else (24, 32, 3))


def test_a_batch_has_what_its_pictures_have_alone() -> None:
    batch = job(LEFT, seeds=(3, 4), fill=MaskFill.LATENT_NOISE)
    alone = job(LEFT, seeds=(4,), fill=MaskFill.LATENT_NOISE)
    assert np.array_equal(run(pictures(batch)[0][1]()).picture.pixels, result(alone))


def test_a_repainted_picture_that_is_stopped_keeps_the_rest_too() -> None:
    painted = job(LEFT)
    denoising = [number for number, ask in enumerate(one(painted).asks) if is_denoising(ask)]
    seen = run(pictures(painted)[0][0](), stop_at=lambda _, number: number >= denoising[2])
    assert len(seen.steps) == 2
    assert np.array_equal(seen.picture.pixels[:, 16:], pixels(24, 32)[:, 16:])
