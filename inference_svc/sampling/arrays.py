"""What sampling needs to know about arrays: NumPy's and torch's alike, through the array API standard."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

Array: TypeAlias = Any
"""A NumPy array or torch tensor. Sampling never changes one in place."""


def like(values: Array, x: Array) -> Array:
    """Returns host `values` as an array of x's library, type and device."""
    xp = array_api_compat.array_namespace(x)
    return xp.asarray(values, dtype=x.dtype, device=array_api_compat.device(x))


def as_float32(x: Array) -> Array:
    """Returns x in float32, in its own library and on its own device."""
    xp = array_api_compat.array_namespace(x)
    return xp.astype(x, xp.float32)


def to_numpy(x: Array) -> np.ndarray[Any, Any]:
    """Returns x on the host as a NumPy array of the same type and shape; may share memory with x."""
    return np.asarray(array_api_compat.to_device(x, "cpu"))


def same(left: object, right: object) -> bool:
    """Tells whether two values are equal, arrays by type, shape and every element, tuples member by member."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if array_api_compat.is_array_api_obj(left) and array_api_compat.is_array_api_obj(right):
        a, b = to_numpy(left), to_numpy(right)
        return a.dtype == b.dtype and np.array_equal(a, b)
    if array_api_compat.is_array_api_obj(left) or array_api_compat.is_array_api_obj(right):
        return False
    return left == right


def same_fields(left: Any, right: Any) -> bool:
    """Tells whether two instances of one dataclass hold the same values (see `same`)."""
    return all(same(getattr(left, field.name), getattr(right, field.name)) for field in fields(left))
