"""NumPy arrays as the contract's tensors, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from latentwire.errors import Internal, InvalidArgument
from latentwire.v1 import types_pb2

Array: TypeAlias = np.ndarray[Any, Any]
"""An array of float32, float16, float64, int64 or uint8."""

_DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "TENSOR_TYPE_FLOAT32": np.dtype("<f4"),
        "TENSOR_TYPE_FLOAT16": np.dtype("<f2"),
        "TENSOR_TYPE_INT64": np.dtype("<i8"),
        "TENSOR_TYPE_UINT8": np.dtype("u1"),
        "TENSOR_TYPE_FLOAT64": np.dtype("<f8"),
    }
)


def to_tensor(values: object, field: str) -> types_pb2.Tensor:
    """Returns whatever NumPy takes for an array as a message, in its own type.

    Raises InvalidArgument, which names the field, where the contract has no such type.
    """
    array = np.asarray(values)
    for name, dtype in _DTYPES.items():
        if array.dtype.newbyteorder("<") == dtype:
            data = np.ascontiguousarray(array, dtype).tobytes()
            return types_pb2.Tensor(type=types_pb2.TensorType.Value(name), shape=array.shape, data=data)
    raise InvalidArgument.of(field, str(array.dtype), ", ".join(np.dtype(d).name for d in _DTYPES.values()))


def from_tensor(tensor: types_pb2.Tensor) -> Array:
    """Returns the array of a message; it is the caller's own and may be written to.

    Raises Internal where type, shape and length don't fit: a server never sends that.
    """
    dtype = (
        _DTYPES.get(types_pb2.TensorType.Name(tensor.type)) if tensor.type in types_pb2.TensorType.values() else None
    )
    if dtype is None:
        raise Internal(f"the server sent a tensor of type {tensor.type}, which this client does not know")
    if len(tensor.data) != math.prod(tensor.shape) * dtype.itemsize:
        raise Internal(f"the server sent {len(tensor.data)} bytes for a tensor of shape {tuple(tensor.shape)}")
    return np.frombuffer(tensor.data, dtype).reshape(tuple(tensor.shape)).copy()
