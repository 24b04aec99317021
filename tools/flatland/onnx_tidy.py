"""Takes out of a traced graph what computes nothing but shapes: with fewer nodes it loads and runs faster."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

Feeds = Mapping[str, NDArray[Any]]
Seen = Mapping[str, Sequence[NDArray[Any]]]
_AS_BEFORE, _WHAT_IS_LEFT = 0, -1  # what a Reshape reads in its target


def tidy(model: onnx.ModelProto, trials: Sequence[Feeds]) -> onnx.ModelProto:
    """Returns a graph without subgraphs that computes the same in fewer nodes; its weights stay as they are.

    `trials` are inputs of the model in which every axis that may change has another length each time, no two axes have
    the same, and their differences have no common divisor: integers that are equal in all of them become constants, and
    so do targets of Reshape that are equal but for one axis and those kept.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    model = _optimized(model, weights)
    seen = _observed(model, trials)
    _fix_integers(model.graph, seen)
    _fix_targets(model.graph, seen)
    _fold_unsqueezed_weights(model.graph, weights)
    _remove_what_nobody_reads(model.graph)
    return _optimized(model, weights)


def _optimized(model: onnx.ModelProto, names: Collection[str]) -> onnx.ModelProto:
    """Returns the graph after ONNX Runtime's optimizations that hold for any device; no weight takes part in them."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    weights = [tensor for tensor in model.graph.initializer if tensor.name in names]
    _replace(bare.graph.initializer, [tensor for tensor in bare.graph.initializer if tensor.name not in names])
    bare.graph.input.extend(helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in weights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimized.onnx"
        options = _options(onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC)
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(bare.SerializeToString(), options)
        result = onnx.load(path)
    needed = {name for node in result.graph.node for name in node.input}
    result.graph.initializer.extend(weight for weight in weights if weight.name in needed)
    _replace(result.graph.input, list(model.graph.input))
    del result.graph.value_info[:]
    used = {node.domain for node in result.graph.node}
    _replace(result.opset_import, [entry for entry in result.opset_import if entry.domain in used])
    return result


def _observed(model: onnx.ModelProto, trials: Sequence[Feeds]) -> Seen:
    """Returns, for each trial, every integer tensor of the graph, and the shapes of all that goes through a Reshape."""
    probe = shape_inference.infer_shapes(model)
    known = {entry.name for entry in (*probe.graph.input, *probe.graph.output)}
    integers = [entry.name for entry in probe.graph.value_info if entry.type.tensor_type.elem_type == TensorProto.INT64]
    shaped = {name for node in _reshapes(probe.graph) for name in (node.input[0], node.output[0])}
    outputs = [name for name in integers if name not in known]
    for name in sorted(shaped):
        probe.graph.node.append(helper.make_node("Shape", [name], [_shape_of(name)]))
        outputs.append(_shape_of(name))
    if not outputs:
        return {}
    probe.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.INT64, None) for name in outputs)
    options = _options(onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    run = partial(onnxruntime.InferenceSession(probe.SerializeToString(), options).run, outputs)
    return dict(zip(outputs, zip(*map(run, map(dict, trials)), strict=True), strict=True))


def _fix_integers(graph: onnx.GraphProto, seen: Seen) -> None:
    for node in graph.node:
        for name in list(node.output):
            values = seen.get(name, ())
            if values and all(np.array_equal(values[0], other) for other in values):
                graph.initializer.append(numpy_helper.from_array(values[0], name))
                node.output[:] = [f"{name}.unused" if other == name else other for other in node.output]


def _fix_targets(graph: onnx.GraphProto, seen: Seen) -> None:
    constants = {tensor.name for tensor in graph.initializer}
    for node in _reshapes(graph):
        if node.input[1] in constants:
            continue
        target = _target(seen[_shape_of(node.input[0])], seen[_shape_of(node.output[0])])
        if target.count(_WHAT_IS_LEFT) <= 1:
            node.input[1] = f"{node.output[0]}.target"
            graph.initializer.append(numpy_helper.from_array(np.array(target, np.int64), node.input[1]))


def _target(before: Sequence[NDArray[Any]], after: Sequence[NDArray[Any]]) -> list[int]:
    """Returns a length, "as before" or "what is left" for each axis."""
    return [
        int(column[0])
        if len(set(column)) == 1
        else _AS_BEFORE
        if all(axis < len(shape) and shape[axis] == length for shape, length in zip(before, column, strict=True))
        else _WHAT_IS_LEFT
        for axis, column in enumerate(zip(*after, strict=True))
    ]


def _fold_unsqueezed_weights(graph: onnx.GraphProto, names: Collection[str]) -> None:
    """Gives weights the shape that the only node that reads them gives them."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    outputs = {entry.name for entry in graph.output}
    readers = [*outputs, *(name for node in graph.node for name in node.input)]
    for node in graph.node:
        name, axes = node.input[0], tensors.get(node.input[-1])
        alone = name in names and readers.count(name) == 1 and outputs.isdisjoint(node.output)
        if node.op_type == "Unsqueeze" and alone and axes:
            weight = tensors[name]
            shape = np.expand_dims(np.empty(weight.dims), tuple(numpy_helper.to_array(axes))).shape
            _replace(weight.dims, shape)
            for reader in graph.node:
                reader.input[:] = [name if other == node.output[0] else other for other in reader.input]


def _remove_what_nobody_reads(graph: onnx.GraphProto) -> None:
    read, kept = {entry.name for entry in graph.output}, list[onnx.NodeProto]()
    for node in reversed(graph.node):
        if not read.isdisjoint(node.output):
            read.update(node.input)
            kept.insert(0, node)
    _replace(graph.node, kept)


def _reshapes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    return (node for node in graph.node if node.op_type == "Reshape")


def _shape_of(name: str) -> str:
    return f"{name}.shape"


def _options(level: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level, options.log_severity_level = level, 3
    return options


def _replace(field: Any, content: Sequence[Any]) -> None:
    kept = list(content)
    del field[:]
    field.extend(kept)
