"""Whatever is wrong with a request is named, at once, and disturbs nobody."""

from __future__ import annotations

import io
import math
import struct
import time
import zlib
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_svc.fake.facts import fake_facts
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.sampling import SAMPLERS, SCHEDULERS
from latentwire.errors import InvalidArgument, LatentwireError
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import Serving, asked, failure, make

_BAD = [
    (asked(width=65), "width"),
    (asked(width=10**9), "width"),
    (asked(height=-8), "height"),
    (asked(width=0), "width"),
    (asked(steps=0), "sampling.steps"),
    (asked(steps=151), "sampling.steps"),
    (asked(sampling=t.SamplerSettings(sampler="Nobody")), "sampling.sampler"),
    (asked(sampling=t.SamplerSettings(scheduler="nobody")), "sampling.scheduler"),
    (asked(sampling=t.SamplerSettings(eta=2)), "sampling.eta"),
    (asked(sampling=t.SamplerSettings(s_noise=0)), "sampling.s_noise"),
    (asked(sampling=t.SamplerSettings(sigma_min=3, sigma_max=2)), "sampling.sigma_min"),
    (asked(guidance=t.GuidanceSettings(scale=math.nan)), "guidance.scale"),
    (asked(guidance=t.GuidanceSettings(scale=math.inf)), "guidance.scale"),
    (asked(noise=t.NoiseSpec(source="dice")), "noise.source"),
    (asked(noise=t.NoiseSpec(resize_from_width=-1)), "noise.resize_from_width"),
    (asked(batch_size=0), "batch_size"),
    (asked(batch_size=64, batch_count=1000), "batch_count"),
    (asked(prompt="x" * 65_537), "prompt"),
    (asked(picture_prompts=["a", "b"]), "picture_prompts"),
    (asked("no spaces"), "request_id"),
    (asked("x" * 129), "request_id"),
    (asked(task=t.Task()), "task.task_id"),
    (asked(task=t.Task(task_id="t", index=-1)), "task.index"),
    (asked(task=t.Task(task_id="t", owner="x" * 129)), "task.owner"),
    (asked(priority=101), "priority"),
    (asked(detach_grace={"seconds": 601}), "detach_grace"),
    (asked(detach_grace={"seconds": -1}), "detach_grace"),
    (asked(prompts=g.PromptSettings(clip_skip=13)), "prompts.clip_skip"),
    (asked(output=t.ImageOptions(quality=101)), "output.quality"),
    (asked(output=t.ImageOptions(chunk_bytes=10)), "output.chunk_bytes"),
    (asked(output=t.ImageOptions(format=77)), "output.format"),  # type: ignore[arg-type]  # a later version's
    (asked(events=g.EventOptions(preview_every=-1)), "events.preview_every"),
    (asked(events=g.EventOptions(after_sequence=-1)), "events.after_sequence"),
    (asked(events=g.EventOptions(after_sequence=10**15 + 1)), "events.after_sequence"),
    (asked(events=g.EventOptions(preview=t.ImageOptions(quality=0))), "events.preview.quality"),
    (asked(infotext_extra=[g.InfotextEntry(key="x" * 200)]), "infotext_extra[0].key"),
    (asked(init=g.InitImage()), "init.images"),
    (asked(init=g.InitImage(images=[t.Image(data=b"nonsense")])), "init.images[0].data"),
    (asked(init=g.InitImage(images=[t.Image()])), "init.images[0].data"),
    (asked(init=g.InitImage(images=[t.Image(data=b"x")] * 3)), "init.images"),
    (asked(init=g.InitImage(images=[t.Image(data=b"123", format=t.IMAGE_FORMAT_RAW_RGB)])), "init.images[0].data"),
]


@pytest.mark.parametrize(("request_", "field"), _BAD, ids=[f"{n}-{field}" for n, (_, field) in enumerate(_BAD)])
async def test_bad_input_names_the_field(grpc_server: Serving, request_: g.GenerateImageRequest, field: str) -> None:
    error = await failure(grpc_server.generation.GenerateImage(request_))
    assert isinstance(error, InvalidArgument)
    assert [violation.field for violation in error.violations] == [field]
    assert error.violations[0].description.count("allowed") >= 1


async def test_everything_wrong_is_told_at_once(grpc_server: Serving) -> None:
    request = asked(width=1, height=1, steps=0, guidance=t.GuidanceSettings(scale=-1), batch_size=99)
    error = await failure(grpc_server.generation.GenerateImage(request))
    fields = {violation.field for violation in error.violations}
    assert fields == {"width", "height", "sampling.steps", "guidance.scale", "batch_size"}


async def test_bad_input_is_refused_within_fifty_milliseconds_of_work(grpc_server: Serving) -> None:
    request = asked(width=10**9, init=g.InitImage(images=[t.Image(data=_bomb())]))
    await failure(grpc_server.generation.GenerateImage(request))
    times = []
    for _ in range(5):
        began = time.process_time()
        await failure(grpc_server.generation.GenerateImage(request))
        times.append(time.process_time() - began)
    assert min(times) < 0.05


@pytest.mark.parametrize("side", [30_000, 9_000])
async def test_a_decompression_bomb_is_refused_before_it_is_decoded(grpc_server: Serving, side: int) -> None:
    began = time.process_time()
    request = asked(init=g.InitImage(images=[t.Image(data=_bomb(side))]))
    error = await failure(grpc_server.generation.GenerateImage(request))
    assert [violation.field for violation in error.violations] == ["init.images[0]"]
    assert time.process_time() - began < 1.0


async def test_a_truncated_file_is_refused(grpc_server: Serving) -> None:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(file, "PNG")
    request = asked(init=g.InitImage(images=[t.Image(data=file.getvalue()[:-5000])]))
    error = await failure(grpc_server.generation.GenerateImage(request))
    assert [violation.field for violation in error.violations] == ["init.images[0].data"]


def _numbers(descriptor: Descriptor, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of every floating-point field that can be set."""
    for field in descriptor.fields:
        if field.is_repeated:
            continue
        if field.cpp_type in {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}:
            yield (*path, field.name)
        elif field.message_type is not None and field.message_type.file.package == "latentwire.v1":
            yield from _numbers(field.message_type, (*path, field.name))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("path", list(_numbers(g.GenerateImageRequest.DESCRIPTOR)), ids=".".join)
def test_no_number_may_be_nan_or_infinite(path: tuple[str, ...], value: float) -> None:
    request = asked() if path[0] == "hires" else asked(init=g.InitImage(images=[t.Image(data=b"x")]))
    if path[0] == "refiner":
        request.refiner.model = "fake"
    target: Message = request
    for name in path[:-1]:
        target = getattr(target, name)
    setattr(target, path[-1], value)
    with pytest.raises(InvalidArgument) as caught:
        resolve_request(request, fake_facts())
    assert [violation.field for violation in caught.value.violations] == [".".join(path)]


_FLOATS = st.one_of(st.floats(), st.floats(0, 2))
_REQUESTS = st.builds(
    asked,
    prompt=st.text(max_size=40),
    negative_prompt=st.text(max_size=40),
    width=st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([64, 72])),
    batch_size=st.integers(-1, 3),
    sampling=st.builds(
        t.SamplerSettings,
        sampler=st.sampled_from([*SAMPLERS, "", "k_euler"]),
        scheduler=st.sampled_from([*SCHEDULERS, "", "x"]),
        steps=st.integers(-1, 4),
        eta=_FLOATS, s_churn=_FLOATS, s_tmin=_FLOATS, s_tmax=_FLOATS, s_noise=_FLOATS,
        sigma_min=_FLOATS, sigma_max=_FLOATS, rho=_FLOATS,
    ),
    guidance=st.builds(t.GuidanceSettings, scale=_FLOATS, min_uncond_sigma=_FLOATS, skip_early=_FLOATS),
    noise=st.builds(
        t.NoiseSpec, seed=st.integers(-(2**63), 2**63 - 1), subseed_strength=_FLOATS,
        resize_from_width=st.integers(-8, 200), resize_from_height=st.integers(-8, 200),
        eta_noise_seed_delta=st.integers(-(2**63), 2**63 - 1),
    ),
    prompts=st.builds(g.PromptSettings, emphasis=st.integers(-1, 6), clip_skip=st.integers(0, 14)),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(request=_REQUESTS)
async def test_any_request_is_served_or_refused_by_name(grpc_server: Serving, request: g.GenerateImageRequest) -> None:
    try:
        made = await make(grpc_server.generation, request)
    except Exception as error:  # noqa: BLE001 - narrowed in the next line
        refusal = _domain(error)
        assert isinstance(refusal, InvalidArgument)
        assert all(violation.field for violation in refusal.violations)
        assert refusal.violations
    else:
        assert made.kinds[-1] == "completed"


def _domain(error: Exception) -> LatentwireError:
    from latentwire.status import from_rpc_error

    return from_rpc_error(error)  # type: ignore[arg-type]  # anything else has no code and fails the test


def _bomb(side: int = 30_000) -> bytes:
    """A PNG that says that it is huge."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    part = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + part + struct.pack(">I", zlib.crc32(part)) + _pixels()


def _pixels() -> bytes:
    part = b"IDAT" + zlib.compress(b"\0" * 1000)
    return struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
