"""Tensors on the wire."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inference_svc.rpc.conversion.tensors import Values, from_tensor, to_tensor
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t

_FINITE = {"allow_nan": False, "allow_infinity": False}
_KINDS = st.sampled_from([np.float32, np.float16, np.int64, np.uint8, np.float64])
_ARRAYS = _KINDS.flatmap(
    lambda kind: hnp.arrays(
        kind,
        hnp.array_shapes(min_dims=0, max_dims=4, max_side=4),
        elements=_FINITE if np.issubdtype(kind, np.floating) else None,
    )
)  # fmt: skip


@given(values=_ARRAYS)
def test_an_array_comes_back_as_it_was(values: Values) -> None:
    again = from_tensor(to_tensor(values), "x")
    assert (again.dtype, again.shape) == (values.dtype, values.shape)
    assert np.array_equal(again, values)


def test_an_array_travels_in_the_type_that_is_asked_for() -> None:
    tensor = to_tensor(np.ones((2, 2), np.float32), t.TENSOR_TYPE_FLOAT16)
    assert (tensor.type, len(tensor.data)) == (t.TENSOR_TYPE_FLOAT16, 8)


def test_an_array_in_fortran_order_is_sent_in_c_order() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert to_tensor(np.asfortranarray(values)).data == values.tobytes()


def test_a_type_that_the_contract_lacks_is_a_defect_of_ours() -> None:
    with pytest.raises(TypeError, match="complex"):
        to_tensor(np.ones(1, np.complex64))


@pytest.mark.parametrize(
    ("tensor", "field"),
    [
        (t.Tensor(shape=[1], data=b"x"), "x.type"),
        (t.Tensor(type=t.TENSOR_TYPE_UINT8, shape=[1] * 9, data=b"x"), "x.shape"),
        (t.Tensor(type=t.TENSOR_TYPE_UINT8, shape=[-1], data=b"x"), "x.shape"),
        (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[2], data=b"1234567"), "x.data"),
        (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[10**9, 10**9], data=b""), "x.data"),
        (t.Tensor(type=t.TENSOR_TYPE_FLOAT32, shape=[1], data=np.float32("nan").tobytes()), "x.data"),
    ],
)
def test_a_tensor_that_does_not_fit_itself_is_refused(tensor: t.Tensor, field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        from_tensor(tensor, "x")
    assert [violation.field for violation in caught.value.violations] == [field]
