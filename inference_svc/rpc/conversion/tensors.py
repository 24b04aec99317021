"""Tensors on the wire: little-endian, C order, checked before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2

Values: TypeAlias = np.ndarray[Any, Any]

MOST_AXES = 8

_DTYPES: Mapping[int, np.dtype[Any]] = MappingProxyType(
    {
        types_pb2.TENSOR_TYPE_FLOAT32: np.dtype("<f4"),
        types_pb2.TENSOR_TYPE_FLOAT16: np.dtype("<f2"),
        types_pb2.TENSOR_TYPE_INT64: np.dtype("<i8"),
        types_pb2.TENSOR_TYPE_UINT8: np.dtype("u1"),
        types_pb2.TENSOR_TYPE_FLOAT64: np.dtype("<f8"),
    }
)


def to_tensor(values: Values, tensor_type: types_pb2.TensorType.ValueType | None = None) -> types_pb2.Tensor:
    """Returns an array as a message, in its own type unless told another."""
    kind = _type_of(values.dtype) if tensor_type is None else tensor_type
    data = np.ascontiguousarray(values, dtype=_DTYPES[kind]).tobytes()
    return types_pb2.Tensor(type=kind, shape=values.shape, data=data)


def from_tensor(tensor: types_pb2.Tensor, field: str) -> Values:
    """Returns the array of a message, read-only.

    Raises InvalidArgument where type, shape and length don't fit, or a float is not finite.
    """
    dtype = _checked_type(tensor, field)
    shape = _checked_shape(tensor, field)
    expected = math.prod(shape) * dtype.itemsize
    data = tensor.data  # a copy, each time that it is asked for
    if len(data) != expected:
        raise InvalidArgument.of(f"{field}.data", f"{len(data)} bytes", f"{expected} bytes for shape {shape}")
    values = np.frombuffer(data, dtype).reshape(shape)
    if dtype.kind == "f" and not np.isfinite(values).all():
        raise InvalidArgument.of(f"{field}.data", "NaN or infinity", "finite numbers")
    return values


def _type_of(dtype: np.dtype[Any]) -> types_pb2.TensorType.ValueType:
    for kind, known in _DTYPES.items():
        if dtype.newbyteorder("<") == known:
            return types_pb2.TensorType.ValueType(kind)
    raise TypeError(f"no tensor type for {dtype}")


def _checked_type(tensor: types_pb2.Tensor, field: str) -> np.dtype[Any]:
    if tensor.type not in _DTYPES:
        names = ", ".join(types_pb2.TensorType.Name(types_pb2.TensorType.ValueType(kind)) for kind in _DTYPES)
        raise InvalidArgument.of(f"{field}.type", tensor.type, names)
    return _DTYPES[tensor.type]


def _checked_shape(tensor: types_pb2.Tensor, field: str) -> tuple[int, ...]:
    shape = tuple(tensor.shape)
    if len(shape) > MOST_AXES or any(length < 0 for length in shape):
        raise InvalidArgument.of(f"{field}.shape", shape, f"at most {MOST_AXES} axes, each 0 or more")
    return shape
