"""Latents on the wire: of a type that states are computed in or may travel in, of a model's channels and sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from inference_svc.rpc.conversion.limits import LARGEST_SIDE
from inference_svc.rpc.conversion.tensors import Values, from_tensor, to_tensor
from inference_svc.sampling import Array, to_numpy
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t

_KINDS: Mapping[int, str] = MappingProxyType(
    {t.TENSOR_TYPE_FLOAT32: "TENSOR_TYPE_FLOAT32", t.TENSOR_TYPE_FLOAT16: "TENSOR_TYPE_FLOAT16"}
)
_AXES = 4


def latents_message(latents: Array, kind: t.TensorType.ValueType = t.TENSOR_TYPE_FLOAT32) -> t.Tensor:
    """Returns latents (B, C, h, w) as a message of a type; what a smaller type can't hold becomes infinite."""
    with np.errstate(over="ignore"):
        return to_tensor(to_numpy(latents), kind)


def read_floats(tensor: t.Tensor, field: str, axes: Collection[int] = (_AXES,)) -> Values:
    """Returns float32 values of a message, not to be written to.

    Raises InvalidArgument where the type is another than float32 or float16, the number of axes is none of `axes`, an
    axis is empty, or the data does not fit: nothing is allocated before that is known.
    """
    if tensor.type not in _KINDS:
        raise InvalidArgument.of(f"{field}.type", _type_name(tensor.type), ", ".join(_KINDS.values()))
    shape = tuple(tensor.shape)
    if len(shape) not in axes or min(shape, default=1) < 1:
        allowed = " or ".join(map(str, sorted(axes)))
        raise InvalidArgument.of(f"{field}.shape", shape, f"{allowed} axes, each 1 or more")
    return from_tensor(tensor, field).astype(np.float32, copy=False)


def read_latents(tensor: t.Tensor, facts: ModelFacts, field: str) -> Values:
    """Returns float32 latents (B, C, h, w) that a model can take. Raises InvalidArgument."""
    latents = read_floats(tensor, field)
    check_fits(latents.shape, facts, f"{field}.shape")
    return latents


def check_fits(shape: tuple[int, ...], facts: ModelFacts, field: str) -> None:
    """Raises InvalidArgument where latents of a shape (B, C, h, w) are not of a size that the model makes."""
    _, channels, height, width = shape
    scale = facts.latent_scale
    if channels != facts.latent_channels:
        raise InvalidArgument.of(field, shape, f"{facts.latent_channels} channels, those of {facts.name}")
    low, high = facts.min_size, min(LARGEST_SIDE, facts.max_size)
    sides = (height * scale, width * scale)
    if not all(low <= side <= high and side % facts.size_multiple == 0 for side in sides):
        allowed = f"sides of {low // scale} to {high // scale}, multiples of {max(facts.size_multiple // scale, 1)}"
        raise InvalidArgument.of(field, shape, allowed)
    if sides[0] * sides[1] > facts.max_pixels:
        raise InvalidArgument.of(field, shape, f"at most {facts.max_pixels // scale**2} elements a channel")


def check_sides(width: int, height: int, facts: ModelFacts) -> None:
    """Raises InvalidArgument where a model does not make pictures of a size in pixels; it names width or height."""
    low, high, multiple = facts.min_size, min(LARGEST_SIDE, facts.max_size), facts.size_multiple
    for field, side in (("width", width), ("height", height)):
        if not low <= side <= high or side % multiple:
            raise InvalidArgument.of(field, side, f"a multiple of {multiple} from {low} to {high}")
    if width * height > facts.max_pixels:
        raise InvalidArgument.of("width", f"{width}x{height}", f"at most {facts.max_pixels} pixels")


def check_holds(latents: Array, kind: t.TensorType.ValueType, field: str) -> None:
    """Raises InvalidArgument where latents reach beyond what the type that a client asked for can hold."""
    if kind != t.TENSOR_TYPE_FLOAT16:
        return
    reach, most = float(np.abs(to_numpy(latents)).max()), float(np.finfo(np.float16).max)
    if most < reach < np.inf:
        raise InvalidArgument.of(field, _KINDS[kind], f"TENSOR_TYPE_FLOAT32 for latents that reach {reach:g}")


def _type_name(kind: int) -> str:
    return t.TensorType.Name(t.TensorType.ValueType(kind)) if kind in t.TensorType.values() else str(kind)
