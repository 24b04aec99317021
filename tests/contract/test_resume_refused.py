"""Resume points that are none of the request's, or none at all: refused at once, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio

from inference_svc.rpc.conversion.tensors import to_tensor
from latentwire.errors import FailedPrecondition, InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.resuming import PIPELINES, pointed, points, resumed
from tests.contract.serving import Serving, asked, failure, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub

_REQUEST = asked(steps=3, batch_size=2, hires=g.HiresPass(scale=1.5, steps=2))
_HIRES = t.PICTURE_STAGE_HIRES_PASS
_PICTURE = "resume_from.pictures[0]"

Change = Callable[[g.GenerateImageRequest], None]


def _point(request: g.GenerateImageRequest) -> t.ResumePoint:
    return request.resume_from


def _state(request: g.GenerateImageRequest) -> t.SamplerState:
    return request.resume_from.pictures[0].state


def _set(read: Callable[[g.GenerateImageRequest], object], field: str, value: object) -> Change:
    return lambda request: setattr(read(request), field, value)


def _infinite(request: g.GenerateImageRequest) -> None:
    _state(request).x.CopyFrom(to_tensor(np.full((1, 4, 8, 8), np.inf, np.float32)))


def _larger(request: g.GenerateImageRequest) -> None:
    _state(request).x.CopyFrom(to_tensor(np.zeros((1, 4, 16, 16), np.float32)))


def _extra(request: g.GenerateImageRequest, key: str, tensor: t.Tensor | None) -> None:
    extra = request.resume_from.pictures[0].extra
    if tensor is None:
        del extra[key]
    else:
        extra[key].CopyFrom(tensor)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def point(grpc_server: Serving) -> t.ResumePoint:
    """Both pictures after their first step: whichever has just made it stands in for the other, too."""
    point = points(await make(grpc_server.generation, pointed(_REQUEST)))[0]
    slowest = t.PictureResume()
    slowest.CopyFrom(min(point.pictures, key=lambda picture: picture.state.step))
    for index, picture in enumerate(point.pictures):
        picture.CopyFrom(slowest)
        picture.index = index
    return point


async def _refused(
    stub: Stub, change: Change, point: t.ResumePoint, request: g.GenerateImageRequest = _REQUEST
) -> list[object]:
    """What a changed request is refused with: type, reason and fields."""
    again = resumed(request, point)
    change(again)
    error = await failure(stub.GenerateImage(again))
    return [type(error), error.reason, *(violation.field for violation in error.violations)]


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        (_set(_point, "version", 2), "RESUME_VERSION_UNKNOWN", "version"),
        (_set(_point, "version", 0), "RESUME_VERSION_UNKNOWN", "version"),
        (_set(_point, "request_digest", b""), "RESUME_REQUEST_MISMATCH", "request_digest"),
        (_set(lambda r: r, "prompt", "another"), "RESUME_REQUEST_MISMATCH", "request_digest"),
        (_set(lambda r: r.noise, "seed", 8), "RESUME_REQUEST_MISMATCH", "request_digest"),
        (_set(lambda r: r.output, "quality", 50), "RESUME_REQUEST_MISMATCH", "request_digest"),
        (lambda r: r.resume_from.ClearField("model_digests"), "MODEL_MISMATCH", "model_digests"),
        (lambda r: r.resume_from.model_digests.append("x"), "MODEL_MISMATCH", "model_digests"),
    ],
)
async def test_a_point_of_something_else_is_refused_with_the_reason(
    generation: Stub, point: t.ResumePoint, change: Change, reason: str, field: str
) -> None:
    assert await _refused(generation, change, point) == [FailedPrecondition, reason, f"resume_from.{field}"]


async def test_another_picture_to_start_from_is_another_request(generation: Stub) -> None:
    def change(request: g.GenerateImageRequest) -> None:
        request.init.images[0].CopyFrom(PIPELINES["a part"].inpaint.mask)

    request = PIPELINES["from a picture"]
    point = points(await make(generation, pointed(request)))[0]
    assert await _refused(generation, change, point, request) == [
        FailedPrecondition,
        "RESUME_REQUEST_MISMATCH",
        "resume_from.request_digest",
    ]


@pytest.mark.parametrize(
    "change",
    [
        _set(lambda r: r, "request_id", "another-id"),
        _set(lambda r: r, "priority", 3),
        _set(lambda r: r.output, "chunk_bytes", 2048),
        lambda r: r.task.CopyFrom(t.Task(task_id="t", index=2)),
        lambda r: r.detach_grace.FromSeconds(3),
    ],
    ids=["request_id", "priority", "chunk_bytes", "task", "detach_grace"],
)
async def test_how_the_call_is_made_is_no_part_of_the_request(
    generation: Stub, point: t.ResumePoint, change: Change
) -> None:
    again = resumed(_REQUEST, point)
    change(again)
    assert (await make(generation, again)).completed.image_count == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda r: r.resume_from.pictures.append(r.resume_from.pictures[0]), "resume_from.pictures"),
        (_set(lambda r: r.resume_from.pictures[0], "index", 2), f"{_PICTURE}.index"),
        (_set(lambda r: r.resume_from.pictures[0], "index", -1), f"{_PICTURE}.index"),
        (_set(lambda r: r.resume_from.pictures[1], "index", 0), "resume_from.pictures[1].index"),
        (_set(lambda r: r.resume_from.pictures[0], "stage", 0), f"{_PICTURE}.stage"),
        (_set(lambda r: r.resume_from.pictures[0], "stage", 9), f"{_PICTURE}.stage"),
        (_set(lambda r: r.resume_from.pictures[0], "stage", _HIRES), f"{_PICTURE}.state.x.shape"),
        (_set(lambda r: r.resume_from.pictures[0], "stage", t.PICTURE_STAGE_DELIVERED), f"{_PICTURE}.state"),
        (lambda r: r.resume_from.pictures[0].ClearField("state"), f"{_PICTURE}.state.x.type"),
        (_set(_state, "step", 4), f"{_PICTURE}.state.step"),
        (_set(_state, "step", -1), f"{_PICTURE}.state.step"),
        (_set(_state, "done", True), f"{_PICTURE}.state.done"),
        (_set(_state, "draws", 2**31 - 1), f"{_PICTURE}.state.draws"),
        (_set(_state, "evaluations", 4), f"{_PICTURE}.state.evaluations"),
        (lambda r: _state(r).scalars.append(1.0), f"{_PICTURE}.state.scalars"),
        (lambda r: _state(r).history.append(_state(r).x), f"{_PICTURE}.state.history"),
        (_set(lambda r: _state(r).x, "data", b"1234"), f"{_PICTURE}.state.x.data"),
        (_infinite, f"{_PICTURE}.state.x.data"),
        (_larger, f"{_PICTURE}.state.x.shape"),
        (lambda r: _extra(r, "denoised", None), f'{_PICTURE}.extra["denoised"]'),
        (
            lambda r: _extra(r, "denoised", to_tensor(np.zeros((1, 4, 2, 2), np.float32))),
            f'{_PICTURE}.extra["denoised"].shape',
        ),
        (lambda r: _extra(r, "refined", to_tensor(np.ones((), np.uint8))), f'{_PICTURE}.extra["refined"]'),
        (lambda r: _extra(r, "refined", to_tensor(np.zeros(2, np.uint8))), f'{_PICTURE}.extra["refined"]'),
        (lambda r: _extra(r, "words", to_tensor(np.ones((), np.uint8))), f"{_PICTURE}.extra"),
    ],
)
async def test_what_is_wrong_with_a_point_is_named(
    generation: Stub, point: t.ResumePoint, change: Change, field: str
) -> None:
    assert (await _refused(generation, change, point))[:3] == [InvalidArgument, "INVALID_ARGUMENT", field]


async def test_a_picture_that_is_decoded_is_done_and_one_pass_has_no_second(generation: Stub) -> None:
    request = asked(steps=3)
    point = points(await make(generation, pointed(request)))[0]
    decoding = _set(lambda r: r.resume_from.pictures[0], "stage", t.PICTURE_STAGE_DECODING)
    second = _set(lambda r: r.resume_from.pictures[0], "stage", _HIRES)
    assert (await _refused(generation, decoding, point, request))[-1] == f"{_PICTURE}.state.done"
    assert (await _refused(generation, second, point, request))[-1] == f"{_PICTURE}.stage"


async def test_an_empty_point_is_of_no_known_version(generation: Stub) -> None:
    error = await failure(generation.GenerateImage(asked(resume_from=t.ResumePoint())))
    assert (type(error), error.reason) == (FailedPrecondition, "RESUME_VERSION_UNKNOWN")
