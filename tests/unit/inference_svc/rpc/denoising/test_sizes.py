"""What requests may ask for is known from what was received, before anything is made of it."""

from __future__ import annotations

import numpy as np
import pytest

from inference_svc.pipelines.conditioning import Conditioning, ConditioningPart, ConditioningSegment
from inference_svc.rpc.conversion import plans
from inference_svc.rpc.denoising import encode_prompt
from inference_svc.rpc.denoising.reading import elements
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t


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
