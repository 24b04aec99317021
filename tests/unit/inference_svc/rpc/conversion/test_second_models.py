"""Inpainting, hires passes and refiners: resolved, and as pipelines take them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.fake.facts import FAKE_UPSCALER, fake_facts
from inference_svc.fake.tokenizer import FakeTokenizer
from inference_svc.pipelines import MaskFill, SamplingSettings
from inference_svc.pipelines.upscaling import INTERPOLATING, LANCZOS
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.conversion.hires import hires_sizes
from inference_svc.rpc.conversion.spec import Job, check_held, generation_spec
from inference_svc.rpc.conversion.warnings import warnings_of
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

FACTS = fake_facts()
OTHER = UsableModel(replace(FACTS, name="other"), FakeTokenizer())
BESIDE = Beside(OTHER, OTHER, (*INTERPOLATING, FAKE_UPSCALER))
INIT = g.InitImage(images=[t.Image(data=b"x")])


def resolved(beside: Beside = BESIDE, **fields: Any) -> g.GenerateImageRequest:
    return resolve_request(g.GenerateImageRequest(**{"width": 64, "height": 96, **fields}), FACTS, beside)


def job(beside: Beside = BESIDE, **fields: Any) -> Job:
    mask = np.zeros((1, 1, 3), np.uint8) if "inpaint" in fields else None
    init = (np.zeros((1, 1, 3), np.uint8),) if "init" in fields else ()
    return Job(resolved(beside, **fields), FACTS, FakeTokenizer(), init, mask, beside)


def wrong(beside: Beside = BESIDE, **fields: Any) -> list[str]:
    with pytest.raises(InvalidArgument) as caught:
        resolved(beside, **fields)
    return [violation.field for violation in caught.value.violations]


def refining(acting: int, switch_at: float = 0.8) -> g.Refiner:
    """A refiner that acts in some passes; the field's name is a word of the language."""
    refiner = g.Refiner(model="other", switch_at=switch_at)
    setattr(refiner, "pass", acting)
    return refiner


@pytest.mark.parametrize(
    ("hires", "asked", "cover", "size"),
    [
        ({}, (128, 192), (128, 192), (128, 192)),
        ({"scale": 1.3}, (83, 124), (80, 120), (80, 120)),
        ({"width": 100}, (100, 150), (96, 144), (96, 144)),
        ({"height": 144}, (96, 144), (96, 144), (96, 144)),
        ({"width": 128, "height": 128}, (128, 128), (128, 192), (128, 128)),
        ({"width": 64, "height": 192}, (64, 192), (128, 192), (64, 192)),
        ({"width": 128, "height": 192}, (128, 192), (128, 192), (128, 192)),
    ],
)
def test_the_larger_size_follows_a1111_s_rules(
    hires: dict[str, Any], asked: tuple[int, int], cover: tuple[int, int], size: tuple[int, int]
) -> None:
    sizes = hires_sizes(resolved(hires=g.HiresPass(**hires)), FACTS)
    assert (sizes.asked, sizes.cover, sizes.size) == (asked, cover, size)


def test_a_hires_pass_takes_after_the_first_one() -> None:
    sampling = t.SamplerSettings(sampler="Euler a", steps=7, eta=0.5)
    spec = generation_spec(job(hires=g.HiresPass(), sampling=sampling, guidance=t.GuidanceSettings(scale=3)))
    assert spec.hires is not None
    assert (spec.hires.sampling, spec.hires.guidance) == (spec.sampling, spec.guidance)
    assert (spec.hires.upscaler, spec.hires.strength) == ("Latent", 0.7)


def test_a_hires_pass_may_be_all_its_own() -> None:
    hires = g.HiresPass(
        scale=1.5, upscaler="Lanczos", steps=3, strength=0.4, model="other", prompt="p", negative_prompt="n",
        sampling=t.SamplerSettings(scheduler="Karras"), guidance=t.GuidanceSettings(scale=2),
    )  # fmt: skip
    spec = generation_spec(job(hires=hires, sampling=t.SamplerSettings(sampler="Heun")))
    assert spec.hires is not None
    own, picture = spec.hires, spec.batches[0][0]
    assert (own.model.facts, own.size, own.upscaler, own.strength) == (OTHER.facts, (96, 144), LANCZOS, 0.4)
    assert own.sampling == replace(
        SamplingSettings("Heun", "karras", 3), options=own.sampling.options, schedule=own.sampling.schedule
    )
    assert (picture.hires_prompt, picture.hires_negative_prompt, own.guidance.scale) == ("p", "n", 2)


@pytest.mark.parametrize(
    ("hires", "steps"),
    [
        (g.HiresPass(), 20),
        (g.HiresPass(steps=9), 9),
        (g.HiresPass(sampling=t.SamplerSettings(steps=9)), 9),
        (g.HiresPass(steps=9, sampling=t.SamplerSettings(steps=9)), 9),
        (g.HiresPass(sampling=t.SamplerSettings(steps=20)), 20),
    ],
)
def test_the_steps_of_a_hires_pass_may_be_said_with_its_solver(hires: g.HiresPass, steps: int) -> None:
    spec = generation_spec(job(hires=hires, request_id="r"))
    again = resolve_request(resolved(hires=hires), FACTS, BESIDE)
    assert spec.hires is not None
    assert (spec.hires.sampling.steps, again.hires.steps) == (steps, 0 if steps == 20 else steps)


def test_steps_of_a_hires_pass_that_contradict_each_other_or_are_too_many_are_refused() -> None:
    twice = g.HiresPass(steps=8, sampling=t.SamplerSettings(steps=9))
    assert wrong(hires=twice) == ["hires.sampling.steps"]
    assert wrong(hires=g.HiresPass(sampling=t.SamplerSettings(steps=999))) == ["hires.sampling.steps"]


def test_prompts_that_are_not_as_many_as_pictures_are_not_looked_at() -> None:
    prompts = ["x" * 65_537, "AND " * 33, "c"]
    assert wrong(picture_prompts=prompts, picture_negative_prompts=prompts) == [
        "picture_prompts",
        "picture_negative_prompts",
    ]
    assert wrong(picture_prompts=prompts, batch_size=3) == ["picture_prompts[0]", "picture_prompts[1]"]


def test_of_too_many_remarks_no_more_are_looked_at_than_may_be() -> None:
    remarks = [g.InfotextEntry(key="k" * 129)] * 66
    assert len(wrong(infotext_extra=remarks)) == 65


def test_resolving_again_changes_nothing() -> None:
    fields: dict[str, Any] = {
        "hires": g.HiresPass(width=128, model="other", sampling=t.SamplerSettings(scheduler="Karras")),
        "refiner": refining(g.REFINER_PASS_BOTH),
        "request_id": "r",
        "noise": t.NoiseSpec(seed=1),
    }
    once = resolved(**fields)
    assert resolve_request(once, FACTS, BESIDE) == once


def test_what_a_request_holds_is_its_pictures_and_what_its_parts_are_put_back_into() -> None:
    pixels, mask = np.zeros((10, 20, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)
    plain = replace(job(init=INIT), init=(pixels,))
    part = replace(job(init=INIT, inpaint=g.Inpaint(only_masked=True), batch_size=3), init=(pixels,), mask=mask)
    assert (job().held_bytes, plain.held_bytes, part.held_bytes) == (0, 600, 600 + 48 + 3 * 800)


def test_pictures_that_can_not_be_held_are_refused() -> None:
    large = np.broadcast_to(np.uint8(0), (8000, 8000, 3))
    part = replace(job(init=INIT, inpaint=g.Inpaint(only_masked=True), batch_size=64), init=(large,))
    with pytest.raises(InvalidArgument, match=r"^init\.images: '16576000048 bytes'"):
        check_held(replace(part, mask=np.zeros((4, 4, 3), np.uint8)))
    check_held(replace(job(init=INIT, batch_size=64), init=(large,)))


def test_a_part_to_repaint_has_the_contract_s_defaults() -> None:
    inpaint = resolved(init=INIT, inpaint=g.Inpaint()).inpaint
    assert (inpaint.blur_x, inpaint.blur_y, inpaint.only_masked_padding, inpaint.fill) == (4, 4, 32, g.MASK_FILL_FILL)
    assert (inpaint.overlay, inpaint.round, inpaint.conditioning_weight, inpaint.only_masked) == (True, True, 1, False)


def test_a_part_to_repaint_is_handed_on() -> None:
    inpaint = g.Inpaint(
        blur_x=0, blur_y=9, invert=True, fill=g.MASK_FILL_LATENT_NOISE, only_masked=True, only_masked_padding=0,
        overlay=False, round=False, return_mask=True, return_composite=True,
    )  # fmt: skip
    made = generation_spec(job(init=INIT, inpaint=inpaint)).inpaint
    assert made is not None
    assert (made.blur, made.invert, made.fill) == ((0, 9), True, MaskFill.LATENT_NOISE)
    assert (made.only_masked, made.padding, made.overlay, made.rounded) == (True, 0, False, False)
    assert (made.return_mask, made.return_composite) == (True, True)


@pytest.mark.parametrize(
    ("acting", "first", "second"),
    [
        (g.REFINER_PASS_UNSPECIFIED, False, True),
        (g.REFINER_PASS_FIRST, True, False),
        (g.REFINER_PASS_SECOND, False, True),
        (g.REFINER_PASS_BOTH, True, True),
    ],
)
def test_a_refiner_acts_in_the_passes_that_are_said(acting: int, first: bool, second: bool) -> None:
    refiner = refining(acting)
    made = generation_spec(job(refiner=refiner)).refiner
    assert made is not None
    assert (made.first, made.second, made.switch_at, made.model.facts) == (first, second, 0.8, OTHER.facts)


@pytest.mark.parametrize("change", [{"latent_channels": 16}, {"latent_scale": 16}])
def test_a_model_with_other_latents_is_refused(change: dict[str, Any]) -> None:
    unlike = UsableModel(replace(OTHER.facts, **change), FakeTokenizer())
    assert wrong(Beside(hires=unlike), hires=g.HiresPass(model="other")) == ["hires.model"]
    assert wrong(Beside(refiner=unlike), refiner=g.Refiner(model="other")) == ["refiner.model"]


def test_a_size_that_the_other_model_can_not_make_is_refused() -> None:
    small = UsableModel(replace(OTHER.facts, max_size=96), FakeTokenizer())
    assert wrong(Beside(hires=small), hires=g.HiresPass(model="other")) == ["hires.scale"]
    assert wrong(Beside(refiner=small), refiner=g.Refiner(model="other"), hires=g.HiresPass()) == ["refiner.model"]
    only_first = refining(g.REFINER_PASS_FIRST)
    assert resolved(Beside(refiner=small), refiner=only_first, hires=g.HiresPass()).HasField("refiner")


def test_what_is_enlarged_before_it_is_cut_must_fit_too() -> None:
    assert wrong(hires=g.HiresPass(width=2048, height=64)) == ["hires.width"]


def test_an_upscaler_for_the_picture_is_found_or_refused() -> None:
    made = generation_spec(job(init=g.InitImage(images=[t.Image()], upscaler="Lanczos"))).init
    assert made is not None
    assert made.upscaler is LANCZOS
    assert wrong(init=g.InitImage(images=[t.Image()], upscaler="Magic")) == ["init.upscaler"]


def test_keys_to_be_left_out_of_the_text_are_limited() -> None:
    assert wrong(infotext_omit=["x"] * 65) == ["infotext_omit.length"]
    assert wrong(infotext_omit=["x" * 129]) == ["infotext_omit[0]"]


def test_what_has_no_effect_or_is_changed_is_said() -> None:
    made = resolved(init=INIT, inpaint=g.Inpaint(conditioning_weight=0.5), refiner=g.Refiner(model="fake"))
    made.refiner.model = "fake"
    assert [warning.split(" has no effect")[0] for warning in warnings_of(made, FACTS, BESIDE)] == [
        "inpaint.conditioning_weight", "refiner",
    ]  # fmt: skip
    larger = resolved(hires=g.HiresPass(scale=1.3))
    assert warnings_of(larger, FACTS, BESIDE) == ["hires makes 80x120 in place of 83x124: sides are multiples of 8"]
