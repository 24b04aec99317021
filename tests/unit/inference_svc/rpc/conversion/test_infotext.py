"""The generation parameters in A1111's order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inference_svc.fake.facts import fake_facts
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
        tiling=True,
        infotext_extra=[g.InfotextEntry(key="Styles", value="x")],
    )  # fmt: skip
    assert {
        "Variation seed": 2, "Variation seed strength": 0.5, "Seed resize from": "64x72", "Denoising strength": 0.5,
        "Clip skip": 2, "ENSD": 31337, "Tiling": "True", "Noise multiplier": 0.9, "Extra noise": 0.1, "Eta": 0.5,
        "Sigma churn": 1.0, "Sigma tmin": 2.0, "Sigma tmax": 3.0, "Sigma noise": 1.5, "Schedule max sigma": 9.0,
        "Schedule min sigma": 0.1, "Schedule rho": 5.0, "Discard penultimate sigma": True,
        "SGM noise multiplier": True, "NGMS": 0.5, "Skip Early CFG": 0.25, "Emphasis": "No norm", "Styles": "x",
    }.items() <= pairs.items()  # fmt: skip


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
