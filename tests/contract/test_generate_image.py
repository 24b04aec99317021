"""GenerateImage, the same against the fake and against the real engine."""

from __future__ import annotations

import asyncio
import io
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latentwire import infotext
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import Serving, asked, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub

_SLOWLY = "fake:step_time=0.005"  # words to the real engine; the fake takes its time


async def test_a_generation_tells_its_life_in_order(generation: Stub) -> None:
    made = await make(generation, asked(steps=3))
    kinds = [kind for kind in made.kinds if kind != "queued"]
    assert kinds == ["accepted", "started", "progress", "progress", "progress", "image", "completed"]


async def test_sequence_numbers_begin_at_one_and_rise(generation: Stub) -> None:
    sequences = [event.sequence for event in (await make(generation, asked())).events]
    assert sequences[0] == 1
    assert all(after > before for before, after in pairwise(sequences))


async def test_every_event_names_the_generation(generation: Stub) -> None:
    made = await make(generation, asked("named-in-every-event"))
    assert {event.request_id for event in made.events} == {"named-in-every-event"}


async def test_progress_counts_steps_to_the_end(generation: Stub) -> None:
    made = await make(generation, asked(steps=4))
    progress = [event.progress for event in made.events if event.HasField("progress")]
    assert [(p.step, p.step_count) for p in progress] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert progress[-1].fraction == 1.0


async def test_progress_comes_as_often_as_asked(generation: Stub) -> None:
    made = await make(generation, asked(steps=5, events=g.EventOptions(progress_every=2)))
    assert [event.progress.step for event in made.events if event.HasField("progress")] == [2, 4, 5]


async def test_no_progress_is_sent_when_none_is_asked_for(generation: Stub) -> None:
    made = await make(generation, asked(events=g.EventOptions(progress_every=0)))
    assert "progress" not in made.kinds


async def test_accepted_holds_every_default(generation: Stub) -> None:
    request = g.GenerateImageRequest(prompt="x", sampling=t.SamplerSettings(steps=1))
    resolved = (await make(generation, request)).accepted.resolved
    assert (resolved.sampling.sampler, resolved.sampling.scheduler) == ("Euler", "automatic")
    assert (resolved.guidance.scale, resolved.batch_size, resolved.batch_count) == (7.0, 1, 1)
    assert resolved.width >= 64
    assert resolved.noise.HasField("seed")


async def test_a_resolved_request_made_again_gives_the_same_bytes(generation: Stub) -> None:
    first = await make(generation, asked(noise=t.NoiseSpec()))
    again = g.GenerateImageRequest()
    again.CopyFrom(first.accepted.resolved)
    again.request_id = ""
    assert (await make(generation, again)).pictures[0].data == first.pictures[0].data


async def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(generation: Stub) -> None:
    first, again, other = [
        (await make(generation, asked(noise=t.NoiseSpec(seed=seed)))).pictures[0].data for seed in (5, 5, 6)
    ]
    assert first == again
    assert first != other


async def test_the_prompt_matters(generation: Stub) -> None:
    red, blue = [(await make(generation, asked(prompt=prompt))).pictures[0].data for prompt in ("red", "blue")]
    assert red != blue


async def test_pictures_have_the_size_asked_for(generation: Stub) -> None:
    picture = (await make(generation, asked(width=96, height=72))).pictures[0]
    assert (picture.width, picture.height) == (96, 72)
    assert Image.open(io.BytesIO(picture.data)).size == (96, 72)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
async def test_pictures_come_in_the_format_asked_for(generation: Stub, name: str) -> None:
    output = t.ImageOptions(format=t.ImageFormat.Value(f"IMAGE_FORMAT_{name}"))
    picture = (await make(generation, asked(output=output))).pictures[0]
    assert Image.open(io.BytesIO(picture.data)).format == name


async def test_raw_pictures_are_the_pixels_of_the_file(generation: Stub) -> None:
    raw = (await make(generation, asked(output=t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB)))).pictures[0]
    file = (await make(generation, asked())).pictures[0]
    pixels = np.frombuffer(raw.data, np.uint8).reshape(raw.height, raw.width, 3)
    assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(file.data))))


async def test_chunks_are_no_larger_than_asked_and_make_the_same_picture(generation: Stub) -> None:
    whole = await make(generation, asked(width=128, height=128))
    parts = await make(generation, asked(width=128, height=128, output=t.ImageOptions(chunk_bytes=1024)))
    sizes = [len(event.image.data) for event in parts.events if event.HasField("image")]
    assert max(sizes) <= 1024
    assert parts.pictures[0].data == whole.pictures[0].data


async def test_batches_have_consecutive_seeds_and_are_numbered_through(generation: Stub) -> None:
    made = await make(generation, asked(batch_size=2, batch_count=2, noise=t.NoiseSpec(seed=40)))
    pictures = sorted(made.pictures, key=lambda picture: picture.index)
    assert [(p.index, p.seed) for p in pictures] == [(0, 40), (1, 41), (2, 42), (3, 43)]
    assert made.completed.image_count == 4
    assert list(made.accepted.seeds) == [40, 41, 42, 43]


async def test_a_picture_of_a_batch_is_the_one_that_its_seed_makes_alone(generation: Stub) -> None:
    batch = await make(generation, asked(batch_size=3, noise=t.NoiseSpec(seed=40)))
    alone = await make(generation, asked(noise=t.NoiseSpec(seed=42)))
    third = next(picture for picture in batch.pictures if picture.index == 2)
    assert _pixels(third.data) == _pixels(alone.pictures[0].data)


async def test_pictures_may_have_their_own_prompts(generation: Stub) -> None:
    noise = t.NoiseSpec(seed=1, subseed=1, subseed_strength=0.5)
    made = await make(generation, asked(batch_size=2, picture_prompts=["red", "blue"], noise=noise))
    texts = [infotext.parse(picture.infotext)["Prompt"] for picture in sorted(made.pictures, key=lambda p: p.index)]
    assert texts == ["red", "blue"]


async def test_the_infotext_is_in_the_file_and_in_the_last_chunk(generation: Stub) -> None:
    picture = (await make(generation, asked(prompt="a hat", negative_prompt="a cat"))).pictures[0]
    written = Image.open(io.BytesIO(picture.data)).info["parameters"]
    parsed = infotext.parse(written)
    assert written == picture.infotext
    assert (parsed["Prompt"], parsed["Negative prompt"], parsed["Seed"]) == ("a hat", "a cat", "7")
    assert (parsed["Size-1"], parsed["Steps"], parsed["Sampler"]) == ("64", "2", "Euler")


async def test_no_infotext_is_written_when_none_is_wanted(generation: Stub) -> None:
    picture = (await make(generation, asked(output=t.ImageOptions(embed_infotext=False)))).pictures[0]
    assert "parameters" not in Image.open(io.BytesIO(picture.data)).info


async def test_a_picture_to_start_from_shows_in_the_result(generation: Stub) -> None:
    init = g.InitImage(images=[_picture((255, 0, 0))], strength=0.0)
    kept = await make(generation, asked(init=init))
    init.strength = 1.0
    anew = await make(generation, asked(init=init))
    assert kept.pictures[0].data != anew.pictures[0].data
    assert kept.accepted.step_count < anew.accepted.step_count + 1


async def test_previews_come_when_asked_for(generation: Stub) -> None:
    options = t.ImageOptions(format=t.IMAGE_FORMAT_PNG)
    made = await make(
        generation, asked(steps=30, prompt=_SLOWLY, events=g.EventOptions(preview_every=1, preview=options))
    )
    previews = [event.preview for event in made.events if event.HasField("preview")]
    assert [preview.preview_id for preview in previews] == list(range(1, len(previews) + 1))
    assert Image.open(io.BytesIO(previews[0].data)).size == (64, 64)


async def test_timings_and_counts_are_told_at_the_end(generation: Stub) -> None:
    completed = (await make(generation, asked(steps=3))).completed
    assert completed.evaluations == 6
    assert completed.mean_batch_rows >= 2
    assert completed.timings.total.ToMicroseconds() > 0
    assert not completed.stopped


async def test_the_same_request_alone_and_among_fifteen_unlike_ones_gives_the_same_bytes(generation: Stub) -> None:
    subject = asked(steps=4, prompt="a green hat")
    alone = await make(generation, subject)
    samplers = ("Euler", "Euler a", "Heun", "DPM++ 2M", "DDIM")
    others = [
        asked(
            prompt=f"thing {n}", width=64 + 8 * (n % 3), noise=t.NoiseSpec(seed=n),
            sampling=t.SamplerSettings(steps=2 + n % 4, sampler=samplers[n % 5]),
        )
        for n in range(15)
    ]  # fmt: skip
    together = await asyncio.gather(*(make(generation, request) for request in [*others[:8], subject, *others[8:]]))
    assert together[8].pictures[0].data == alone.pictures[0].data


async def test_every_answer_says_who_made_it(grpc_server: Serving, generation: Stub) -> None:
    call = generation.GetGeneration(g.GetGenerationRequest(request_id="nobody"))
    metadata = dict(await call.initial_metadata() or ())
    assert metadata["x-latentwire-engine"] == grpc_server.backend.engine_name
    assert metadata["x-latentwire-replica"]
    assert dict(await call.trailing_metadata() or ())["x-latentwire-engine"] == grpc_server.backend.engine_name


def _picture(colour: tuple[int, int, int]) -> t.Image:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return t.Image(data=file.getvalue())


def _pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).tobytes()
