"""What the users of the load take for a picture, and what for a failure."""

from __future__ import annotations

import base64
import io
import json
import random

import PIL.Image
import pytest

from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.load import grpc_face, http_face
from tests.load.jobs import SIZES, Job, job
from tools.http_call import Answer
from tools.load.outcome import Outcome, Result

ONE = Job(SIZES[0], "a house", "Euler", 7)
MADE = Result(Outcome.DONE, pictures=1)
IMAGE = {"result": {"image": {"last": True}}}
COMPLETED = {"result": {"completed": {"imageCount": 1}}}
ERROR = {"error": {"code": 8, "message": "full"}}


def png(side: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", (side, side)).save(file, "PNG")
    return file.getvalue()


def answer(body: object, status: int = 200) -> Answer:
    return Answer(status, {"retry-after": "2"}, json.dumps(body).encode())


def chunks(*sides: int) -> list[g.GenerateImageResponse]:
    files = [(side, png(side)) for side in sides]
    images = [
        t.ImageChunk(index=index, data=file, last=True, total_bytes=len(file), width=side, height=side)
        for index, (side, file) in enumerate(files)
    ]
    return [g.GenerateImageResponse(), *(g.GenerateImageResponse(image=image) for image in images)]


@pytest.mark.parametrize(
    ("side", "status", "outcome"),
    [(128, 200, Outcome.DONE), (64, 200, Outcome.FAILED), (128, 429, Outcome.REFUSED), (128, 500, Outcome.FAILED)],
)
def test_a_picture_over_rest_is_one_of_the_size_asked_for(side: int, status: int, outcome: Outcome) -> None:
    body = {"images": [base64.b64encode(png(side)).decode()]}
    assert http_face.made(answer(body, status), ONE).outcome == outcome


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([IMAGE, COMPLETED], ""),
        ([COMPLETED], "stream without picture or end"),
        ([IMAGE], "stream without picture or end"),
        ([IMAGE, ERROR], "code 8 in the stream"),
    ],
)
def test_a_stream_of_json_has_one_picture_and_an_end(lines: list[object], kind: str) -> None:
    body = "\n".join(map(json.dumps, lines)).encode()
    assert http_face.streamed(Answer(200, {}, body)).kind == kind


@pytest.mark.parametrize(("sides", "is_made"), [((128,), True), ((64,), False), ((128, 128), False), ((), False)])
def test_a_stream_of_events_has_one_picture_of_the_size_asked_for(sides: tuple[int, ...], *, is_made: bool) -> None:
    assert (grpc_face.made(iter(chunks(*sides)), ONE) == MADE) is is_made


def test_the_same_dice_ask_for_the_same() -> None:
    one, other = ([job(random.Random(seed)) for seed in range(20)] for _ in range(2))
    assert one == other
    assert {each.size for each in one} <= {*SIZES}
