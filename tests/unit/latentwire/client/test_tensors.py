"""Arrays as tensors, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from latentwire.client.tensors import from_tensor, to_tensor
from latentwire.errors import Internal, InvalidArgument
from latentwire.v1 import types_pb2 as t

DTYPES = ("f4", "f2", "f8", "i8", "u1")


@settings(max_examples=50)
@given(st.sampled_from(DTYPES).flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=4))))
def test_an_array_comes_back_as_it_was(values: np.ndarray[Any, Any]) -> None:
    back = from_tensor(to_tensor(values, "x"))
    assert (back.dtype, back.shape, back.tobytes()) == (values.dtype, values.shape, values.tobytes())


def test_layout_and_byte_order_do_not_show() -> None:
    values = np.arange(6, dtype=">f4").reshape(2, 3).T
    assert from_tensor(to_tensor(values, "x")).tolist() == values.tolist()


def test_what_comes_back_may_be_written_to() -> None:
    back = from_tensor(to_tensor(np.zeros(3, np.float32), "x"))
    back += 1
    assert back.tolist() == [1, 1, 1]


def test_a_type_that_the_contract_has_not_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"states\[0\]\.x: 'complex128'"):
        to_tensor(np.zeros(2, complex), "states[0].x")


@pytest.mark.parametrize(
    "tensor",
    [
        t.Tensor(),
        t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[2], data=b"1234"),
        t.Tensor(type=77, shape=[1], data=b"1234"),  # type: ignore[arg-type]  # of a later server
    ],
)
def test_a_tensor_that_does_not_fit_together_is_the_servers_fault(tensor: t.Tensor) -> None:
    with pytest.raises(Internal):
        from_tensor(tensor)
