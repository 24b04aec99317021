"""Requests, resolved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.fake.facts import fake_facts
from inference_svc.fake.tokenizer import FakeTokenizer
from inference_svc.pipelines import ImageFormat, ResizeMode
from inference_svc.prompts import Emphasis
from inference_svc.rpc.conversion.accepted import accepted
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.conversion.ids import request_id_or_new
from inference_svc.rpc.conversion.spec import Job, generation_spec
from inference_svc.rpc.conversion.violations import Violations, under
from inference_svc.rpc.conversion.warnings import warnings_of
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_EVERYTHING = g.GenerateImageRequest(
    request_id="r",
    task=t.Task(task_id="t", index=1, count=2, owner="o", kind="k"),
    prompt="p", negative_prompt="n", width=72, height=80, batch_size=2, batch_count=2,
    sampling=t.SamplerSettings(
        sampler="Euler a", scheduler="Karras", steps=5, eta=0.5, discard_next_to_last_sigma=False,
        uni_pc=t.UniPcSettings(variant="bh2", skip_type="logSNR", order=2, lower_order_final=False),
        beta_alpha=0.5, beta_beta=2, old_karras_range=True,
    ),
    guidance=t.GuidanceSettings(scale=3, image_scale=1.5),
    noise=t.NoiseSpec(
        source="nv", seed=-5, subseed=2, subseed_strength=0.5, resize_from_width=64, resize_from_height=64
    ),
    prompts=g.PromptSettings(emphasis=g.EMPHASIS_MODE_IGNORE, clip_skip=2, comma_padding_backtrack=0),
    init=g.InitImage(
        images=[t.Image(data=b"x")] * 2, strength=0.5, resize_mode=t.RESIZE_MODE_LATENT, exact_steps=True,
        background_rgb=0x102030, noise_multiplier=0.5, extra_noise=0.25, color_correction=True,
        upscaler="Lanczos",
    ),
    output=t.ImageOptions(
        format=t.IMAGE_FORMAT_WEBP, quality=50, lossless=True, embed_infotext=False, chunk_bytes=2048
    ),
    events=g.EventOptions(progress_every=3, preview_every=2, resume_every=1),
    detach_grace=Duration(seconds=30), priority=-5, tiling=True,
    infotext_extra=[g.InfotextEntry(key="k", value="v")], infotext_omit=["Model"],
    picture_prompts=["a", "b", "c", "d"], picture_negative_prompts=["e", "f", "g", "h"],
)  # fmt: skip


def test_what_is_given_is_kept() -> None:
    resolved = resolve_request(_EVERYTHING, fake_facts())
    expected = g.GenerateImageRequest()
    expected.CopyFrom(_EVERYTHING)
    expected.model = "fake"
    expected.sampling.scheduler, expected.sampling.s_noise = "karras", 1.0
    expected.init.ClearField("images")
    expected.events.preview.CopyFrom(
        t.ImageOptions(format=t.IMAGE_FORMAT_JPEG, quality=80, embed_infotext=True, chunk_bytes=2**20)
    )
    assert resolved == expected


@pytest.mark.parametrize("request_", [_EVERYTHING, g.GenerateImageRequest()])
def test_resolving_again_changes_nothing(request_: g.GenerateImageRequest) -> None:
    once = resolve_request(request_, fake_facts())
    again = g.GenerateImageRequest()
    again.CopyFrom(once)
    again.init.images.extend(request_.init.images)
    if not request_.HasField("init"):
        again.ClearField("init")
    assert resolve_request(again, fake_facts()) == once


def test_defaults_are_the_contract_s() -> None:
    resolved = resolve_request(g.GenerateImageRequest(), fake_facts())
    assert (resolved.width, resolved.height, resolved.sampling.steps) == (64, 64, 20)
    assert (resolved.output.format, resolved.events.preview.format) == (t.IMAGE_FORMAT_PNG, t.IMAGE_FORMAT_JPEG)
    assert (resolved.prompts.emphasis, resolved.prompts.comma_padding_backtrack) == (g.EMPHASIS_MODE_ORIGINAL, 20)
    assert not resolved.HasField("init")
    assert not resolved.HasField("task")


def test_init_defaults_are_the_contract_s() -> None:
    request = g.GenerateImageRequest(init=g.InitImage(images=[t.Image(data=b"x")]))
    init = resolve_request(request, fake_facts()).init
    assert (init.strength, init.resize_mode, init.noise_multiplier) == (0.75, t.RESIZE_MODE_STRETCH, 1.0)
    assert init.background_rgb == 0xFFFFFF


def test_seeds_that_are_not_given_are_drawn() -> None:
    noise = t.NoiseSpec(subseed_strength=0.5)
    first, second = (resolve_request(g.GenerateImageRequest(noise=noise), fake_facts()).noise for _ in range(2))
    assert (first.seed, first.subseed) != (second.seed, second.subseed)
    assert all(0 <= seed < 2**32 for seed in (first.seed, first.subseed))


def test_a_picture_with_more_pixels_than_the_model_takes_is_refused() -> None:
    facts = replace(fake_facts(), max_pixels=128 * 128)
    with pytest.raises(InvalidArgument, match="at most 16384 pixels") as caught:
        resolve_request(g.GenerateImageRequest(width=256, height=128), facts)
    assert [violation.field for violation in caught.value.violations] == ["width"]


def test_the_model_s_own_limits_bind() -> None:
    facts = replace(fake_facts(), min_size=128, max_size=256, size_multiple=64, native_size=128)
    for side in (64, 320, 136):
        with pytest.raises(InvalidArgument, match="a multiple of 64 from 128 to 256"):
            resolve_request(g.GenerateImageRequest(width=side), facts)


def test_everything_reaches_the_pipelines() -> None:
    spec = generation_spec(_job(_EVERYTHING, pictures=2))
    (first, second), (third, _) = spec.batches
    assert (spec.width, spec.height, len(spec.batches)) == (72, 80, 2)
    assert (spec.sampling.sampler, spec.sampling.scheduler, spec.sampling.steps) == ("Euler a", "karras", 5)
    assert (spec.sampling.options.eta, spec.sampling.schedule.discard_next_to_last_sigma) == (0.5, False)
    assert spec.prompts.emphasis is Emphasis.IGNORE
    assert spec.init is not None
    assert (spec.init.resize_mode, spec.init.background) == (ResizeMode.LATENT, (0x10, 0x20, 0x30))
    assert (spec.output.format, spec.output.lossless) == (ImageFormat.WEBP, True)
    assert [p.prompt + p.negative_prompt for p in (first, second, third)] == ["ae", "bf", "cg"]
    assert (first.noise.seed, first.noise.subseed, third.noise.subseed) == (2**64 - 5, 2, 4)
    assert first.noise.resize_from == (8, 8)
    assert first.init is third.init
    assert first.init is not second.init


def test_one_picture_to_start_from_serves_all() -> None:
    request = g.GenerateImageRequest(batch_size=2, init=g.InitImage(images=[t.Image(data=b"x")]))
    ((first, second),) = generation_spec(_job(request, pictures=1)).batches
    assert first.init is second.init


def test_without_more_said_there_is_no_init_and_no_discarding() -> None:
    spec = generation_spec(_job(g.GenerateImageRequest(), pictures=0))
    assert spec.init is None
    assert spec.sampling.schedule.discard_next_to_last_sigma is None
    assert spec.batches[0][0].noise.resize_from is None


def test_accepted_repeats_the_request_with_all_its_seeds() -> None:
    job = _job(_EVERYTHING, pictures=2)
    event = accepted(job, warnings=["w"], accept_time=1.5, step_count=3).accepted
    assert (event.resolved, list(event.seeds), list(event.subseeds)) == (job.resolved, [-5] * 4, [2, 3, 4, 5])
    assert (list(event.warnings), event.step_count, event.accept_time.ToMilliseconds()) == (["w"], 3, 1500)
    assert event.model_digest == fake_facts().digest


def test_what_has_no_effect_is_said() -> None:
    warnings = warnings_of(_EVERYTHING, fake_facts())
    assert [warning.split(" has no effect")[0] for warning in warnings] == [
        "guidance.image_scale", "tiling", "init.upscaler",
    ]  # fmt: skip
    assert warnings_of(g.GenerateImageRequest(), fake_facts()) == []


@given(text=st.text(max_size=200))
def test_an_id_is_taken_as_it_is_or_refused(text: str) -> None:
    violations = Violations()
    taken = request_id_or_new(text, violations)
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.()-")
    assert bool(violations) == (len(text) > 128 or not set(text) <= allowed)
    assert taken == text or not text


def test_fields_found_by_deeper_checks_are_put_below_their_message() -> None:
    with pytest.raises(InvalidArgument, match=r"sampling\.eta"), under("sampling"):
        raise InvalidArgument.of("eta", 3, "0 to 1")


def test_an_error_without_fields_passes_as_it_is() -> None:
    with pytest.raises(InvalidArgument, match=r"^odd$"), under("sampling"):
        raise InvalidArgument("odd")


def test_violations_keep_the_fields_of_others_as_they_are_without_a_prefix() -> None:
    violations = Violations()
    violations.merge(InvalidArgument.of("a", 1, "2"))
    with pytest.raises(InvalidArgument, match=r"^a: "):
        violations.check()


def _job(request: g.GenerateImageRequest, *, pictures: int) -> Job:
    init: Any = tuple(np.zeros((8, 8, 3), np.uint8) for _ in range(pictures))
    return Job(resolve_request(request, fake_facts()), fake_facts(), FakeTokenizer(), init)
