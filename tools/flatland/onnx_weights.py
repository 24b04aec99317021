"""Float16 weights for ONNX graphs: stored in the graph, or referred to in the safetensors file beside it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Span = tuple[int, int]


def safetensors_spans(path: Path) -> dict[str, Span]:
    """Returns offset and length in bytes of every float16 tensor of a safetensors file."""
    with path.open("rb") as file:
        header_length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_length))
    start = 8 + header_length
    return {
        name: (start + entry["data_offsets"][0], entry["data_offsets"][1] - entry["data_offsets"][0])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F16"
    }


def _external(tensor: TensorProto, location: str, span: Span) -> TensorProto:
    reference = TensorProto(name=tensor.name + ".f16", data_type=TensorProto.FLOAT16, dims=tensor.dims)
    reference.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", str(span[0])), ("length", str(span[1]))):
        reference.external_data.add(key=key, value=value)
    return reference


def _inline(tensor: TensorProto) -> TensorProto:
    return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + ".f16")


def store_as_float16(
    graph: onnx.GraphProto, weights: Collection[str], location: str = "", spans: Mapping[str, Span] | None = None
) -> None:
    """Turns every float32 initializer among `weights` into a float16 one and a Cast; one with a span, a reference.

    A runtime folds the casts when it loads the graph, so they cost nothing later.
    """
    kept, casts = [], []
    for tensor in graph.initializer:
        if tensor.name not in weights or tensor.data_type != TensorProto.FLOAT or not tensor.dims:
            kept.append(tensor)
            continue
        half = _external(tensor, location, spans[tensor.name]) if spans and tensor.name in spans else _inline(tensor)
        kept.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.initializer[:]
    del graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend([*casts, *nodes])
