"""Dataclasses mirror the messages of the contract, whole, and travel both ways unchanged."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message

from inference_svc.fake.answers import example
from latentwire.client import denoising, events, listings, requests
from latentwire.client.wire import python_name, read, words, write
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as v
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import types_pb2 as t

MIRRORS: dict[type, type[Message]] = {
    requests.ImageRequest: g.GenerateImageRequest,
    requests.Task: t.Task,
    requests.Image: t.Image,
    requests.ImageOptions: t.ImageOptions,
    requests.NoiseSpec: t.NoiseSpec,
    requests.UniPcSettings: t.UniPcSettings,
    requests.SamplerSettings: t.SamplerSettings,
    requests.GuidanceSettings: t.GuidanceSettings,
    requests.PromptSettings: g.PromptSettings,
    requests.InitImage: g.InitImage,
    requests.Inpaint: g.Inpaint,
    requests.HiresPass: g.HiresPass,
    requests.Refiner: g.Refiner,
    requests.EventOptions: g.EventOptions,
    requests.InfotextEntry: g.InfotextEntry,
    events.Accepted: g.Accepted,
    events.Queued: g.Queued,
    events.Started: g.Started,
    events.Progress: g.Progress,
    events.Preview: g.Preview,
    events.Completed: g.Completed,
    events.Timings: t.Timings,
    listings.Generation: g.Generation,
    listings.Model: t.Model,
    listings.ModelCapabilities: t.ModelCapabilities,
    listings.Models: m.ListModelsResponse,
    listings.DeviceMemory: m.DeviceMemory,
    listings.LoadProgress: m.LoadModelResponse,
    listings.Sampler: m.Sampler,
    listings.NoiseScheduler: m.NoiseScheduler,
    listings.Upscaler: m.Upscaler,
    listings.Lora: m.Lora,
    listings.Embedding: m.Embedding,
    denoising.Conditioning: t.Conditioning,
    denoising.ConditioningPart: t.ConditioningPart,
    denoising.ConditioningSegment: t.ConditioningSegment,
    denoising.EncodedPrompts: v.EncodePromptResponse,
    denoising.Prepared: v.PrepareLatentsResponse,
    denoising.SamplingPlan: t.SamplingPlan,
    denoising.SamplerState: t.SamplerState,
    denoising.Transition: t.Transition,
    denoising.Denoised: v.DenoiseLatentsResponse,
    denoising.Prediction: v.PredictDenoisedResponse,
}
each = pytest.mark.parametrize("mirror", MIRRORS, ids=lambda mirror: mirror.__name__)


@each
def test_a_mirror_has_every_field_of_its_message_and_no_other(mirror: type) -> None:
    own = {field.name for field in dataclasses.fields(mirror)}
    origin = {"request_id", "sequence"} if issubclass(mirror, events.Event) else set()
    assert own - origin == {python_name(field) for field in MIRRORS[mirror].DESCRIPTOR.fields} - origin


@each
def test_a_message_with_every_field_set_comes_back_as_it_was(mirror: type) -> None:
    message = example(MIRRORS[mirror].DESCRIPTOR, depth=12)  # type: ignore[arg-type]
    assert write(read(message, mirror), MIRRORS[mirror]) == message


@pytest.mark.parametrize("mirror", [mirror for mirror in MIRRORS if mirror.__module__ != denoising.__name__])
def test_an_empty_message_can_be_read(mirror: type) -> None:
    assert isinstance(read(MIRRORS[mirror](), mirror), mirror)


def test_what_is_not_set_stays_unset() -> None:
    assert write(requests.SamplerSettings(), t.SamplerSettings) == t.SamplerSettings()
    assert write(requests.SamplerSettings(eta=0.0), t.SamplerSettings).HasField("eta")


def test_a_number_that_is_not_set_is_none_and_zero_is_zero() -> None:
    assert read(t.SamplerSettings(), requests.SamplerSettings).eta is None
    assert read(t.SamplerSettings(eta=0.0), requests.SamplerSettings).eta == 0.0


def test_enums_are_lower_case_words() -> None:
    assert words(t.ImageFormat.DESCRIPTOR) == {"": 0, "png": 1, "jpeg": 2, "webp": 3, "raw_rgb": 4}
    assert read(g.Progress(stage=t.PICTURE_STAGE_HIRES_PASS), events.Progress).stage == "hires_pass"


def test_an_enum_value_that_is_not_known_here_is_its_number() -> None:
    assert read(g.Progress(stage=77), events.Progress).stage == "77"  # type: ignore[arg-type]  # of a later server


def test_durations_are_seconds_and_times_have_a_zone() -> None:
    message = example(g.Generation.DESCRIPTOR)
    generation = read(message, listings.Generation)
    assert generation.eta_s == 1.0
    assert generation.accept_time == datetime.fromtimestamp(1_700_000_000, UTC)


@pytest.mark.parametrize(("seed", "carried"), [(0, 0), (2**63 - 1, 2**63 - 1), (2**63, -(2**63)), (2**64 - 1, -1)])
def test_seeds_are_unsigned(seed: int, carried: int) -> None:
    message = write(requests.NoiseSpec(seed=seed), t.NoiseSpec)
    assert message.seed == carried
    assert read(message, requests.NoiseSpec).seed == seed


def test_tensors_are_arrays() -> None:
    x = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    message = write(denoising.SamplerState(x, history=(x + 1,)), t.SamplerState)
    state = read(message, denoising.SamplerState)
    assert (state.x.dtype, state.x.tolist(), state.history[0].tolist()) == (x.dtype, x.tolist(), (x + 1).tolist())


def _settings(**wrong: Any) -> requests.SamplerSettings:
    return requests.SamplerSettings(**wrong)


def _output(**wrong: Any) -> requests.ImageOptions:
    return requests.ImageOptions(**wrong)


@pytest.mark.parametrize(
    ("changed", "field", "allowed"),
    [
        ({"width": "wide"}, "width", "a whole number of 32 bits"),
        ({"width": 2**40}, "width", "a whole number of 32 bits"),
        ({"prompt": 7}, "prompt", "text"),
        ({"prompt": "\ud800"}, "prompt", "text"),
        ({"sampling": _settings(steps="many")}, "sampling.steps", "a whole number of 32 bits"),
        ({"noise": requests.NoiseSpec(seed=-1)}, "noise.seed", "0 to 2**64 - 1; left out: a random one"),
        ({"output": _output(format="gif")}, "output.format", "'png', 'jpeg', 'webp', 'raw_rgb'"),
        ({"resume_from": b"\xff"}, "resume_from", "bytes of a progress event's resume_point"),
        ({"detach_grace_s": "long"}, "detach_grace", "seconds"),
        ({"picture_prompts": (1,)}, "picture_prompts", "a sequence, each text"),
    ],
)
def test_a_value_that_its_field_cannot_hold_is_named(changed: dict[str, Any], field: str, allowed: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        write(requests.ImageRequest(**changed), g.GenerateImageRequest)
    (violation,) = raised.value.violations
    assert violation.field == field
    assert violation.description.endswith(f"allowed: {allowed}")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="time zone"):
        write(events.Started(start_time=datetime(2030, 1, 1)), g.Started)
