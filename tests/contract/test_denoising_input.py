"""What is wrong with a denoising call is named, before anything of it is queued."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from latentwire.errors import FailedPrecondition, InvalidArgument, OutOfRange
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import types_pb2 as t
from tests.contract.looping import PROMPT, denoised, denoising, encoded, prepared, preparing, raw, stub, tensor
from tests.contract.serving import PATIENCE_S, Serving, failure

NAN, INFINITY = float("nan"), float("inf")
PIXELS = np.zeros((64, 64, 3), np.uint8)


def zeros(*shape: int) -> t.Tensor:
    return tensor(np.zeros(shape, np.float32))


LATENTS = zeros(1, 4, 8, 8)

TENSORS: dict[str, tuple[t.Tensor, str]] = {
    "no tensor": (t.Tensor(), "type"),
    "no type": (t.Tensor(shape=LATENTS.shape, data=LATENTS.data), "type"),
    "unknown type": (t.Tensor(type=99, shape=LATENTS.shape, data=LATENTS.data), "type"),  # type: ignore[arg-type]
    "whole numbers": (t.Tensor(type=t.TENSOR_TYPE_INT64, shape=[1, 4, 8, 8], data=bytes(2048)), "type"),
    "doubles": (t.Tensor(type=t.TENSOR_TYPE_FLOAT64, shape=[1, 4, 8, 8], data=bytes(2048)), "type"),
    "too few axes": (zeros(4, 8, 8), "shape"),
    "too many axes": (zeros(1, 1, 4, 8, 8), "shape"),
    "nothing": (zeros(1, 4, 0, 8), "shape"),
    "less than nothing": (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[1, 4, -8, 8], data=b""), "shape"),
    "other channels": (zeros(1, 3, 8, 8), "shape"),
    "too small": (zeros(1, 4, 2, 8), "shape"),
    "too large": (zeros(1, 4, 8, 4096), "shape"),
    "too short": (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[1, 4, 8, 8], data=bytes(1020)), "data"),
    "too long": (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[1, 4, 8, 8], data=bytes(1028)), "data"),
    "a huge claim": (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[2**40, 4, 8, 8], data=b""), "data"),
    "no number": (tensor(np.full((1, 4, 8, 8), NAN)), "data"),
    "infinity": (tensor(np.full((1, 4, 8, 8), INFINITY)), "data"),
}


async def violations(call: Any) -> Sequence[str]:
    """The fields that are said to be wrong."""
    error = await failure(call)
    assert isinstance(error, InvalidArgument), error
    return [violation.field for violation in error.violations]


@pytest.mark.parametrize("name", sorted(TENSORS))
async def test_a_tensor_that_is_none_is_refused_wherever_it_comes(grpc_server: Serving, name: str) -> None:
    bad, part = TENSORS[name]
    server, run = stub(grpc_server), await prepared(grpc_server)
    changed = d.PrepareLatentsResponse.FromString(run.SerializeToString())
    changed.states[0].x.CopyFrom(bad)
    calls = {
        "states[0].x": server.DenoiseLatents(denoising(changed)),
        "x": server.PredictDenoised(d.PredictDenoisedRequest(x=bad, sigmas=[1.0], prompts=PROMPT)),
        "latents": server.DecodeLatents(d.DecodeLatentsRequest(latents=bad)),
        "init_latents": server.PrepareLatents(d.PrepareLatentsRequest(init_latents=bad, noises=[t.NoiseSpec()])),
    }
    assert {field: await violations(call) for field, call in calls.items()} == {
        field: [f"{field}.{part}"] for field in calls
    }


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"noises": []}, "noises"),
        ({"noises": [t.NoiseSpec()] * 65}, "noises"),
        ({"noises": [t.NoiseSpec(), t.NoiseSpec(source="sand")]}, "noises[1].source"),
        ({"noises": [t.NoiseSpec(subseed_strength=2.0)]}, "noises[0].subseed_strength"),
        ({"width": 60}, "width"),
        ({"height": 4096}, "height"),
        ({"width": -8}, "width"),
        ({"sampling": t.SamplerSettings(sampler="Nobody")}, "sampling.sampler"),
        ({"sampling": t.SamplerSettings(steps=0)}, "sampling.steps"),
        ({"sampling": t.SamplerSettings(sigma_min=9.0, sigma_max=1.0, scheduler="karras")}, "sampling.sigma_min"),
        ({"strength": 0.5}, "strength"),
        ({"mask": zeros(1, 1, 8, 8)}, "mask"),
        ({"init_latents": LATENTS, "strength": 1.5}, "strength"),
        ({"init_latents": LATENTS, "strength": NAN}, "strength"),
        ({"init_latents": LATENTS, "strength": 1e-6, "exact_steps": True}, "strength"),
        ({"init_latents": zeros(2, 4, 8, 8)}, "init_latents.shape"),
        ({"init_latents": zeros(1, 4, 8, 9)}, "init_latents.shape"),
        ({"init_latents": LATENTS, "mask": zeros(1, 1, 9, 9)}, "mask"),
        ({"init_latents": LATENTS, "mask": zeros(1, 4, 8, 8)}, "mask.shape"),
        ({"init_latents": LATENTS, "mask": tensor(np.full((1, 1, 8, 8), 2.0))}, "mask.data"),
    ],
)
async def test_what_cannot_be_prepared_is_named(grpc_server: Serving, fields: dict[str, Any], violation: str) -> None:
    assert await violations(stub(grpc_server).PrepareLatents(preparing(**fields))) == [violation]


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"plans": []}, "plans"),
        ({"states": []}, "states"),
        ({"prompts": []}, "prompts"),
        ({"prompts": PROMPT * 2}, "prompts"),
        ({"prompts": [d.Prompt()]}, "prompts[0].source"),
        ({"prompts": [d.Prompt(text="x" * 65_537)]}, "prompts[0].text"),
        ({"prompts": [d.Prompt(text=" AND ".join("x" * 40))]}, "prompts[0].text"),
        ({"prompts": [d.Prompt(text="a " * 30_000)]}, "prompts"),
        ({"negative_prompts": PROMPT * 2}, "negative_prompts"),
        ({"negative_prompts": [d.Prompt()]}, "negative_prompts[0].source"),
        ({"guidance": t.GuidanceSettings(scale=-1)}, "guidance.scale"),
        ({"guidance": t.GuidanceSettings(image_scale=1)}, "guidance.image_scale"),
        ({"yield_mode": 9}, "yield_mode"),
        ({"state_type": t.TENSOR_TYPE_INT64}, "state_type"),
        ({"request_id": "no spaces"}, "request_id"),
    ],
)
async def test_what_cannot_be_denoised_is_named(grpc_server: Serving, fields: dict[str, Any], violation: str) -> None:
    run = await prepared(grpc_server)
    assert await violations(stub(grpc_server).DenoiseLatents(denoising(run, **fields))) == [violation]


@pytest.mark.parametrize("fields", [{"begin_step": 1}, {"end_step": 5}, {"end_step": -1}, {"begin_step": -1}])
async def test_a_step_outside_of_the_plan_is_out_of_range(grpc_server: Serving, fields: dict[str, int]) -> None:
    run = await prepared(grpc_server)
    error = await failure(stub(grpc_server).DenoiseLatents(denoising(run, **fields)))
    assert isinstance(error, OutOfRange)
    assert next(iter(fields)) in error.message


async def test_more_than_half_precision_holds_is_refused_where_that_is_asked_for(grpc_server: Serving) -> None:
    settings = t.SamplerSettings(scheduler="karras", sigma_max=1e6, steps=3)
    run = await prepared(grpc_server, sampling=settings)
    half = denoising(run, end_step=0, state_type=t.TENSOR_TYPE_FLOAT16)
    assert await violations(stub(grpc_server).DenoiseLatents(half)) == ["state_type"]
    assert len(await denoised(grpc_server, denoising(run, end_step=0))) == 1


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"sigmas": []}, "sigmas"),
        ({"sigmas": [1.0, 2.0]}, "sigmas"),
        ({"sigmas": [0.0]}, "sigmas[0]"),
        ({"sigmas": [NAN]}, "sigmas[0]"),
        ({"sigmas": [INFINITY]}, "sigmas[0]"),
        ({"x": zeros(65, 4, 8, 8)}, "x.shape[0]"),
        ({"prompts": []}, "prompts"),
        ({"evaluation": -1}, "evaluation"),
        ({"guidance": t.GuidanceSettings(skip_early=0.5)}, "guidance.skip_early"),
        ({"guidance": t.GuidanceSettings(scale=NAN)}, "guidance.scale"),
        ({"prompts": [d.Prompt(text="a " * 30_000)]}, "prompts"),
    ],
)
async def test_what_cannot_be_predicted_is_named(grpc_server: Serving, fields: dict[str, Any], violation: str) -> None:
    request = d.PredictDenoisedRequest(**{"x": LATENTS, "sigmas": [1.0], "prompts": PROMPT, **fields})
    assert await violations(stub(grpc_server).PredictDenoised(request, timeout=PATIENCE_S)) == [violation]


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"prompts": []}, "prompts"),
        ({"prompts": ["x"] * 65}, "prompts"),
        ({"prompts": ["a", "x" * 65_537]}, "prompts[1]"),
        ({"prompts": [" AND ".join("x" * 40)]}, "prompts[0]"),
        ({"prompts": ["a " * 30_000]}, "prompts"),
        ({"steps": 0}, "steps"),
        ({"sampler": "Nobody"}, "sampler"),
        ({"clip_skip": 0}, "clip_skip"),
        ({"clip_skip": 13}, "clip_skip"),
    ],
)
async def test_what_cannot_be_read_is_named(grpc_server: Serving, fields: dict[str, Any], violation: str) -> None:
    request = d.EncodePromptRequest(**{"prompts": ["a"], **fields})
    assert await violations(stub(grpc_server).EncodePrompt(request, timeout=PATIENCE_S)) == [violation]


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"image": t.Image()}, "image.data"),
        ({"image": t.Image(data=b"no picture")}, "image.data"),
        ({"image": raw(PIXELS[:7])}, "height"),
        ({"width": 60}, "width"),
        ({"height": 4096}, "height"),
        ({"resize_mode": 9}, "resize_mode"),
        ({"noise": t.NoiseSpec(source="sand")}, "noise.source"),
    ],
)
async def test_what_cannot_be_encoded_is_named(grpc_server: Serving, fields: dict[str, Any], violation: str) -> None:
    request = d.EncodeImageRequest(**{"image": raw(PIXELS), **fields})
    assert await violations(stub(grpc_server).EncodeImage(request, timeout=PATIENCE_S)) == [violation]


async def test_how_pictures_are_to_be_returned_is_checked(grpc_server: Serving) -> None:
    request = d.DecodeLatentsRequest(latents=LATENTS, output=t.ImageOptions(quality=0))
    assert await violations(stub(grpc_server).DecodeLatents(request)) == ["output.quality"]


def first(conditioning: t.Conditioning) -> t.ConditioningPart:
    return conditioning.parts[0]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("parts", lambda made: made.ClearField("parts")),
        ("parts", lambda made: made.parts.extend([first(made)] * 40)),
        ("parts[0].weight", lambda made: setattr(first(made), "weight", NAN)),
        ("parts[0].segments", lambda made: first(made).ClearField("segments")),
        ("parts[0].segments", lambda made: first(made).segments.append(first(made).segments[0])),
        ("parts[0].segments", lambda made: setattr(first(made).segments[0], "last_evaluation", -1)),
        ("parts[0].segments[0].context.shape", lambda made: first(made).segments[0].context.shape.append(1)),
        ("parts[0].segments[0].context.shape", lambda made: first(made).segments[0].context.CopyFrom(zeros(77, 3))),
        ("parts[0].segments[0].context.data", lambda made: first(made).segments[0].context.ClearField("data")),
        ("parts[0].segments[0].context.type", lambda made: first(made).segments[0].context.ClearField("type")),
        ("parts[0].segments[0].pooled", lambda made: first(made).segments[0].pooled.CopyFrom(zeros(16))),
    ],
)
async def test_a_conditioning_that_no_model_takes_is_refused(
    grpc_server: Serving, field: str, change: Callable[[t.Conditioning], object]
) -> None:
    (made,) = (await stub(grpc_server).EncodePrompt(d.EncodePromptRequest(prompts=["a"]))).conditionings
    change(made)
    request = d.PredictDenoisedRequest(x=LATENTS, sigmas=[1.0], prompts=[d.Prompt(conditioning=made)])
    assert await violations(stub(grpc_server).PredictDenoised(request)) == [f"prompts[0].conditioning.{field}"]


@pytest.mark.parametrize(("prompt", "field"), [("a AND b", "parts"), ("a :0.5", "parts[0].weight")])
async def test_a_negative_prompt_has_one_part_alone(grpc_server: Serving, prompt: str, field: str) -> None:
    (made,) = (await stub(grpc_server).EncodePrompt(d.EncodePromptRequest(prompts=[prompt]))).conditionings
    negative = [d.Prompt(conditioning=made)]
    request = d.PredictDenoisedRequest(x=LATENTS, sigmas=[1.0], prompts=PROMPT, negative_prompts=negative)
    expected = f"negative_prompts[0].conditioning.{field}"
    assert await violations(stub(grpc_server).PredictDenoised(request)) == [expected]


async def test_what_was_made_for_another_model_is_a_failed_precondition(grpc_server: Serving) -> None:
    run = await prepared(grpc_server)
    (made,) = (await stub(grpc_server).EncodePrompt(d.EncodePromptRequest(prompts=["a"]))).conditionings
    assert made.model_digest == run.plans[0].model_digest != ""
    made.model_digest = run.plans[0].model_digest = "another"
    calls = [
        stub(grpc_server).DenoiseLatents(denoising(run)),
        stub(grpc_server).PredictDenoised(
            d.PredictDenoisedRequest(x=LATENTS, sigmas=[1.0], prompts=[d.Prompt(conditioning=made)])
        ),
    ]
    errors = [await failure(call) for call in calls]
    assert [(type(error), error.reason) for error in errors] == [(FailedPrecondition, "MODEL_MISMATCH")] * 2


async def test_nothing_is_left_behind_by_what_is_refused(grpc_server: Serving) -> None:
    await violations(stub(grpc_server).DenoiseLatents(d.DenoiseLatentsRequest(request_id="mine")))
    assert (await encoded(grpc_server, PIXELS)).latents.shape
    assert [record.id for record in grpc_server.server.book] == []
