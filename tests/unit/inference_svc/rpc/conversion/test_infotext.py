"""The generation parameters in A1111's order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inference_svc.fake.facts import fake_facts
from inference_svc.fake.tokenizer import FakeTokenizer
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.conversion.infotext import parameters, picture_infotext
from inference_svc.rpc.conversion.seeds import picture_seeds, signed, unsigned
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


def _resolved(**fields: Any) -> g.GenerateImageRequest:
    request = g.GenerateImageRequest(**{"prompt": "a hat", "noise": t.NoiseSpec(seed=1), **fields})
    return resolve_request(request, fake_facts())


def _pairs(**fields: Any) -> dict[str, object]:
    resolved = _resolved(**fields)
    pairs = parameters(resolved, fake_facts(), picture_seeds(resolved.noise, 1)[0])
    return {key: value for key, value in pairs if value is not None}


def test_the_usual_pairs_come_in_order() -> None:
    assert list(_pairs()) == [
        "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model", "RNG", "Version",
    ]  # fmt: skip


def test_automatic_is_the_sampler_s_own_schedule_where_it_has_one() -> None:
    sampler = t.SamplerSettings(sampler="DPM++ 2M")
    assert (_pairs()["Schedule type"], _pairs(sampling=sampler)["Schedule type"]) == ("Automatic", "Karras")


def test_everything_unusual_is_told() -> None:
    pairs = _pairs(
        sampling=t.SamplerSettings(
            sampler="Euler a", eta=0.5, s_churn=1, s_tmin=2, s_tmax=3, s_noise=1.5, sigma_min=0.1, sigma_max=9, rho=5,
            discard_next_to_last_sigma=True, sgm_noise_multiplier=True,
        ),
        guidance=t.GuidanceSettings(min_uncond_sigma=0.5, skip_early=0.25),
        noise=t.NoiseSpec(
            seed=1, subseed=2, subseed_strength=0.5, resize_from_width=64, resize_from_height=72,
            eta_noise_seed_delta=31337,
        ),
        prompts=g.PromptSettings(clip_skip=2, emphasis=g.EMPHASIS_MODE_NO_NORM),
        init=g.InitImage(images=[t.Image()], strength=0.5, noise_multiplier=0.9, extra_noise=0.1),
        infotext_extra=[g.InfotextEntry(key="Styles", value="x")],
    )  # fmt: skip
    assert {
        "Variation seed": 2, "Variation seed strength": 0.5, "Seed resize from": "64x72", "Denoising strength": 0.5,
        "Clip skip": 2, "ENSD": 31337, "Noise multiplier": 0.9, "Extra noise": 0.1, "Eta": 0.5,
        "Sigma churn": 1.0, "Sigma tmin": 2.0, "Sigma tmax": 3.0, "Sigma noise": 1.5, "Schedule max sigma": 9.0,
        "Schedule min sigma": 0.1, "Schedule rho": 5.0, "Discard penultimate sigma": True,
        "SGM noise multiplier": True, "NGMS": 0.5, "Skip Early CFG": 0.25, "Emphasis": "No norm", "Styles": "x",
    }.items() <= pairs.items()  # fmt: skip


def test_tiling_is_told_of_pictures_that_tile() -> None:
    told = [
        dict(parameters(_resolved(tiling=True), replace(fake_facts(), tileable=tileable), (1, 0)))["Tiling"]
        for tileable in (False, True)
    ]
    assert told == [None, "True"]


def test_ddim_s_eta_has_a_name_of_its_own_and_no_ensd() -> None:
    pairs = _pairs(
        sampling=t.SamplerSettings(sampler="DDIM", eta=0.5), noise=t.NoiseSpec(seed=1, eta_noise_seed_delta=5)
    )
    assert pairs["Eta DDIM"] == 0.5
    assert "ENSD" not in pairs


def test_a_model_without_a_hash_has_none() -> None:
    pairs = dict(parameters(_resolved(), replace(fake_facts(), sha256=""), (1, 0)))
    assert pairs["Model hash"] is None


def test_every_picture_has_its_own_prompts_and_seeds() -> None:
    resolved = _resolved(batch_size=2, picture_prompts=["a", "b"], picture_negative_prompts=["c", "d"])
    text = picture_infotext(resolved, fake_facts(), 1, (5, 0))
    assert text.startswith("b\nNegative prompt: d\nSteps: 20")
    assert "Seed: 5" in text


def test_seeds_rise_through_the_batches_and_wrap_around() -> None:
    assert picture_seeds(t.NoiseSpec(seed=-1), 2) == ((2**64 - 1, 0), (0, 1))


def test_with_a_variation_the_sub_seeds_rise() -> None:
    assert picture_seeds(t.NoiseSpec(seed=3, subseed=8, subseed_strength=0.1), 2) == ((3, 8), (3, 9))


def test_large_seeds_are_carried_in_signed_fields() -> None:
    assert [unsigned(signed(seed)) for seed in (0, 2**63 - 1, 2**63, 2**64 - 1)] == [0, 2**63 - 1, 2**63, 2**64 - 1]
    assert signed(2**64 - 1) == -1


def test_a_hires_pass_is_told_where_it_differs() -> None:
    hires = g.HiresPass(
        width=128, steps=5, strength=0.4, upscaler="Lanczos", prompt="b", negative_prompt="c",
        sampling=t.SamplerSettings(sampler="DPM++ 2M"),
    )  # fmt: skip
    pairs = _pairs(hires=hires)
    told = [(key, value) for key, value in pairs.items() if key.startswith(("Hires", "Denoising"))]
    assert told == [
        ("Denoising strength", 0.4), ("Hires prompt", "b"), ("Hires negative prompt", "c"),
        ("Hires schedule type", "Karras"), ("Hires resize", "128x0"), ("Hires steps", 5), ("Hires upscaler", "Lanczos"),
        ("Hires sampler", "DPM++ 2M"),
    ]  # fmt: skip


def test_of_a_hires_pass_that_is_like_the_first_one_little_is_told() -> None:
    told = {key: value for key, value in _pairs(hires=g.HiresPass(prompt="a hat")).items() if key.startswith("Hires")}
    assert told == {"Hires upscale": 2.0, "Hires upscaler": "Latent"}


def test_a_model_of_the_hires_pass_and_a_refiner_are_told_with_their_hashes() -> None:
    other = UsableModel(replace(fake_facts(), name="other", sha256="0123456789abcdef"), FakeTokenizer())
    refiner = g.Refiner(model="other", switch_at=0.8)
    setattr(refiner, "pass", g.REFINER_PASS_BOTH)
    beside = Beside(other, other)
    request = g.GenerateImageRequest(hires=g.HiresPass(model="other"), refiner=refiner)
    pairs = dict(parameters(resolve_request(request, fake_facts(), beside), fake_facts(), (1, 0), beside))
    assert (pairs["Hires checkpoint"], pairs["Refiner"]) == ("other [0123456789]",) * 2
    assert (pairs["Refiner switch at"], pairs["Hires refiner"]) == (0.8, "both passes")


def test_a_repainted_part_is_told_where_it_differs() -> None:
    init = g.InitImage(images=[t.Image()])
    usual = _pairs(init=init, inpaint=g.Inpaint())
    assert (usual["Mask blur"], usual["Masked content"], "Inpaint area" in usual) == (4, "fill", False)
    original = _pairs(init=init, inpaint=g.Inpaint(fill=g.MASK_FILL_ORIGINAL, blur_x=0, blur_y=0))
    assert {"Masked content", "Mask blur", "Mask mode"} & set(original) == set()
    assert "Mask blur" not in _pairs(init=init, inpaint=g.Inpaint(blur_x=1))


def test_shapes_of_a_schedule_and_unipc_s_settings_are_told() -> None:
    uni_pc = t.UniPcSettings(variant="bh2", skip_type="logSNR", order=2, lower_order_final=False)
    pairs = _pairs(sampling=t.SamplerSettings(sampler="UniPC", uni_pc=uni_pc))
    keys = ("UniPC variant", "UniPC skip type", "UniPC order", "UniPC lower order final")
    assert [pairs[key] for key in keys] == ["bh2", "logSNR", 2, False]
    beta = _pairs(sampling=t.SamplerSettings(scheduler="beta", beta_alpha=0.5))
    assert (beta["Beta schedule alpha"], beta["Beta schedule beta"]) == (0.5, 0.6)
    assert not {key for key in _pairs(sampling=t.SamplerSettings(sampler="UniPC")) if key.startswith("UniPC")}


def test_how_prompts_were_read_is_told() -> None:
    pairs = _pairs(prompts=g.PromptSettings(old_editing=True, pad_uncond=True))
    assert (pairs["Old prompt editing timelines"], pairs["Pad conds"]) == (True, True)


def test_keys_may_be_left_out() -> None:
    assert not {"Model", "Model hash", "Version"} & set(_pairs(infotext_omit=["Model", "Model hash", "Version"]))
