"""A second, larger pass, the same against the fake and against the real engine."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from latentwire import infotext
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.gate import Gate
from tests.contract.serving import Made, Serving, asked, failure, make, until

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub


def _hires(**hires: Any) -> g.GenerateImageRequest:
    return asked(hires=g.HiresPass(**hires))


def _size(made: Made) -> tuple[int, int]:
    return made.pictures[0].width, made.pictures[0].height


def _pixels(made: Made) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(made.pictures[0].data)))


@pytest.mark.parametrize(
    ("hires", "size"),
    [
        ({}, (128, 128)),
        ({"scale": 1.5}, (96, 96)),
        ({"width": 80}, (80, 80)),
        ({"height": 104}, (104, 104)),
        ({"width": 128, "height": 96}, (128, 96)),
    ],
)
async def test_the_picture_has_the_size_asked_for(
    generation: Stub, hires: dict[str, Any], size: tuple[int, int]
) -> None:
    assert _size(await make(generation, _hires(**hires))) == size


async def test_a_size_between_two_goes_down_and_is_said(generation: Stub) -> None:
    made = await make(generation, _hires(scale=1.3))
    assert _size(made) == (80, 80)
    assert list(made.accepted.warnings) == ["hires makes 80x80 in place of 83x83: sides are multiples of 8"]


async def test_progress_counts_both_passes(generation: Stub) -> None:
    made = await make(generation, _hires(strength=0.5))
    progress = [event.progress for event in made.events if event.HasField("progress")]
    assert [(p.step, p.step_count, p.fraction) for p in progress] == [
        (1, 2, 0.25),
        (2, 2, 0.5),
        (1, 2, 0.75),
        (2, 2, 1),
    ]
    assert [p.stage for p in progress] == [t.PICTURE_STAGE_FIRST_PASS] * 2 + [t.PICTURE_STAGE_HIRES_PASS] * 2
    assert {p.pass_count for p in progress} == {2}
    assert (made.accepted.step_count, made.completed.evaluations) == (4, 8)


async def test_the_second_pass_may_have_steps_of_its_own(generation: Stub) -> None:
    made = await make(generation, _hires(strength=0.3))
    other = await make(generation, _hires(steps=3, strength=0.3))
    assert (made.accepted.step_count, other.accepted.step_count) == (4, 5)


async def test_no_strength_leaves_the_enlarged_picture(generation: Stub) -> None:
    made = await make(generation, _hires(strength=0.0, upscaler="Latent (nearest)"))
    assert (made.accepted.step_count, _size(made)) == (2, (128, 128))
    assert made.completed.evaluations == 4


@pytest.mark.parametrize("upscaler", ["Latent (bicubic antialiased)", "Lanczos", "Nearest", "None"])
async def test_each_upscaler_gives_another_picture_than_the_default(generation: Stub, upscaler: str) -> None:
    usual, other = [await make(generation, _hires(strength=0.4, upscaler=name)) for name in ("Latent", upscaler)]
    assert _size(other) == (128, 128)
    assert not np.array_equal(_pixels(usual), _pixels(other))


async def test_the_second_pass_may_have_words_guidance_and_a_solver_of_its_own(generation: Stub) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"prompt": "a blue square"},
        {"negative_prompt": "grey"},
        {"guidance": t.GuidanceSettings(scale=2)},
        {"sampling": t.SamplerSettings(sampler="Heun")},
        {"sampling": t.SamplerSettings(scheduler="karras")},
    ]
    made = [_pixels(await make(generation, _hires(steps=3, **change))).tobytes() for change in changes]
    assert len(set(made)) == len(changes)


async def test_a_batch_has_what_its_pictures_have_alone(generation: Stub) -> None:
    request = _hires()
    request.batch_size = 2
    batch = sorted((await make(generation, request)).pictures, key=lambda picture: picture.index)
    request.batch_size, request.noise.seed = 1, request.noise.seed + 1
    alone = await make(generation, request)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(batch[1].data))), _pixels(alone))


async def test_a_resolved_request_made_again_gives_the_same_picture(generation: Stub) -> None:
    first = await make(generation, _hires(width=128, height=96, sampling=t.SamplerSettings(sampler="Euler a")))
    again = g.GenerateImageRequest()
    again.CopyFrom(first.accepted.resolved)
    again.request_id = ""
    assert (await make(generation, again)).pictures[0].data == first.pictures[0].data


async def test_the_infotext_says_what_the_second_pass_was(generation: Stub) -> None:
    hires = {"steps": 3, "strength": 0.5, "prompt": "b", "sampling": t.SamplerSettings(sampler="DPM++ 2M")}
    text = (await make(generation, _hires(**hires))).pictures[0].infotext
    pairs = infotext.parse(text)
    keys = ("Denoising strength", "Hires prompt", "Hires schedule type", "Hires upscale", "Hires steps")
    assert [pairs[key] for key in keys] == ["0.5", "b", "Karras", "2.0", "3"]
    assert (pairs["Hires upscaler"], pairs["Hires sampler"], pairs["Size-1"]) == ("Latent", "DPM++ 2M", "64")


async def test_stopped_in_the_first_pass_there_is_no_second(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("stop-first", steps=20, hires=g.HiresPass()))
    gate.let(2)
    await until(lambda: gate.begun == 3)
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="stop-first"))
    gate.open()
    events = [event async for event in call]
    sizes = [(event.image.width, event.image.height) for event in events if event.HasField("image")]
    assert (sizes, events[-1].completed.stopped) == ([(64, 64)], True)


async def test_stopped_in_the_second_pass_there_is_what_it_has_predicted(gated: Serving, gate: Gate) -> None:
    call = gated.generation.GenerateImage(asked("stop-second", steps=2, hires=g.HiresPass(steps=20)))
    gate.let(4)
    await until(lambda: gate.begun == 5)
    await gated.generation.StopGeneration(g.StopGenerationRequest(request_id="stop-second"))
    gate.open()
    events = [event async for event in call]
    sizes = [(event.image.width, event.image.height) for event in events if event.HasField("image")]
    assert (sizes, events[-1].completed.stopped) == ([(128, 128)], True)


@pytest.mark.parametrize(
    ("hires", "field"),
    [
        ({"scale": 0.5}, "hires.scale"),
        ({"scale": 9}, "hires.scale"),
        ({"scale": 2, "width": 128}, "hires.scale"),
        ({"width": 2056}, "hires.width"),
        ({"width": 32}, "hires.width"),
        ({"height": -8}, "hires.height"),
        ({"upscaler": "Magic"}, "hires.upscaler"),
        ({"steps": 151}, "hires.steps"),
        ({"strength": 1.5}, "hires.strength"),
        ({"strength": 1e-5}, "hires.strength"),
        ({"model": "nobody"}, "hires.model"),
        ({"sampling": t.SamplerSettings(sampler="Nobody")}, "hires.sampling.sampler"),
        ({"guidance": t.GuidanceSettings(scale=-1)}, "hires.guidance.scale"),
        ({"prompt": "x" * 65_537}, "hires.prompt"),
    ],
)
async def test_what_is_wrong_with_the_pass_is_named(generation: Stub, hires: dict[str, Any], field: str) -> None:
    error = await failure(generation.GenerateImage(_hires(**hires)))
    assert isinstance(error, InvalidArgument)
    assert [violation.field for violation in error.violations] == [field]


async def test_image_to_image_has_no_second_pass(generation: Stub) -> None:
    init = g.InitImage(images=[t.Image(data=b"\0" * 12, width=2, height=2, format=t.IMAGE_FORMAT_RAW_RGB)])
    error = await failure(generation.GenerateImage(asked(init=init, hires=g.HiresPass())))
    assert [violation.field for violation in error.violations] == ["hires"]
