"""What requests may ask for is known from what was received, before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from inference_svc.pipelines.conditioning import Conditioning, ConditioningPart, ConditioningSegment
from inference_svc.rpc.conversion import plans
from inference_svc.rpc.conversion.images import claimed_pixels
from inference_svc.rpc.denoising import encode_prompt
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.reading import elements, lacking
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t

T = TypeVar("T")


class Counting:
    """Stands in for what calls things beside the event loop: notes how heavy each is."""

    def __init__(self) -> None:
        self.weights: list[int] = []

    async def call(self, elements: int, function: Callable[[], T]) -> T:
        self.weights.append(elements)
        return function()


def conditioning(segments: int) -> Conditioning:
    context = np.broadcast_to(np.float32(0), (1, 77, 768))
    return Conditioning((ConditioningPart(1.0, tuple(ConditioningSegment(at, context) for at in range(segments))),))


@pytest.mark.parametrize("shape", [[2**62] * 50_000, [1], []])
def test_a_tensor_has_as_many_elements_as_came_whatever_its_shape_says(shape: list[int]) -> None:
    tensor = t.Tensor(shape=shape, data=bytes(4_000_000))
    assert 2_000_000 <= elements([tensor]) <= 2_500_000


def test_contexts_that_fill_an_answer_are_refused() -> None:
    encode_prompt._check_size([conditioning(200)])
    with pytest.raises(InvalidArgument, match=r"prompts: .*300 contexts of 17740800 numbers.*at most 16777216"):
        encode_prompt._check_size([conditioning(150), conditioning(150)])


def test_a_plan_with_fields_that_nobody_knows_is_not_remembered() -> None:
    small = t.SamplingPlan(sampler="Euler")
    strange = t.SamplingPlan.FromString(small.SerializeToString() + b"\xf2\x3f\x80\x80\x08" + bytes(2**17))
    assert (plans._is_small(small), plans._is_small(strange)) == (True, False)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_a_small_file_says_how_large_its_picture_is(file_format: str) -> None:
    file = BytesIO()
    Image.new("RGB", (640, 480)).save(file, file_format)
    assert claimed_pixels(t.Image(data=file.getvalue())) == 640 * 480


def test_what_is_no_picture_says_nothing() -> None:
    assert [claimed_pixels(t.Image(data=data)) for data in (b"", b"\x89PNG\r\n\x1a\n", bytes(1000))] == [0, 0, 0]
    assert claimed_pixels(t.Image(data=bytes(300), format=t.IMAGE_FORMAT_RAW_RGB)) == 100


async def test_prompts_that_name_things_are_read_beside_by_their_length() -> None:
    aside = Counting()
    bench = Bench(None, None, aside)  # type: ignore[arg-type]  # nothing else of it is needed
    long_ones = ["<lora:" + ":" * 5000 + ">", "no name" * 5000]
    said = [await lacking(bench, prompts) for prompts in (["a <lora:x:1>"], long_ones, ["a house"])]
    assert ([len(each) for each in said], aside.weights) == ([1, 1, 0], [16 * 5007])
