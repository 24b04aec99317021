from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tools.flatland.onnx_graphs import (
    Signature,
    decoder_signature,
    encoder_signature,
    text_signature,
    trials,
    unet_signature,
)
from tools.flatland.onnx_tidy import Feeds, tidy

RNG = np.random.default_rng(0)
TRIALS = [{"x": RNG.standard_normal(shape, np.float32)} for shape in ((2, 5, 6), (3, 7, 6), (5, 11, 6))]


def graph(nodes: Sequence[onnx.NodeProto], constants: dict[str, NDArray[Any]]) -> onnx.ModelProto:
    """A graph from x (batch, n, 6) to y. What is named w is a weight; the other constants are nodes, as when traced."""
    weights = [numpy_helper.from_array(constants[name], name) for name in constants if name == "w"]
    others = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))
        for name, value in constants.items()
        if name != "w"
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "n", 6])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    opset = [helper.make_opsetid("", 17)]
    whole = helper.make_graph([*others, *nodes], "g", inputs, outputs, weights)
    return helper.make_model(whole, opset_imports=opset, ir_version=8)


def integers(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def run(model: onnx.ModelProto, feeds: Feeds) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["y"], dict(feeds))[0]  # type: ignore[no-any-return]


def kinds(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def same_everywhere(one: onnx.ModelProto, two: onnx.ModelProto) -> bool:
    others = [{"x": RNG.standard_normal(shape, np.float32)} for shape in ((1, 1, 6), (6, 6, 6), (4, 2, 6))]
    return all(np.array_equal(run(one, feeds), run(two, feeds)) for feeds in [*TRIALS, *others])


def length(axis: int, *, of: str = "x", to: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Shape", [of], [f"{to}.all"]),
        helper.make_node("Gather", [f"{to}.all", f"{to}.index"], [to], axis=0),
    ]


def test_a_target_computed_from_the_inputs_own_shape_becomes_a_constant() -> None:
    nodes = [
        *length(0, to="b"),
        helper.make_node("Concat", ["b", "tail"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    model = graph(nodes, {"b.index": integers(0), "tail": integers(-1, 2, 3)})
    tidied = tidy(model, TRIALS)
    assert kinds(tidied) == {"Reshape": 1}
    assert same_everywhere(model, tidied)


def test_a_target_with_two_lengths_that_change_is_still_computed() -> None:
    nodes = [
        *length(0, to="b"),
        *length(1, to="n"),
        helper.make_node("Concat", ["n", "b", "two", "three"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    constants = {"b.index": integers(0), "n.index": integers(1), "two": integers(2), "three": integers(3)}
    model = graph(nodes, constants)
    tidied = tidy(model, TRIALS)
    assert kinds(tidied)["Concat"] == 1
    assert same_everywhere(model, tidied)


def test_the_half_of_an_axis_that_never_changes_is_known() -> None:
    nodes = [
        *length(2, to="width"),
        helper.make_node("Div", ["width", "two"], ["half"]),
        helper.make_node("Slice", ["x", "half", "width", "axis"], ["y"]),
    ]
    model = graph(nodes, {"width.index": integers(2), "two": integers(2), "axis": integers(2)})
    tidied = tidy(model, TRIALS)
    assert kinds(tidied) == {"Slice": 1}
    assert same_everywhere(model, tidied)


@pytest.mark.parametrize(("reader", "unsqueezed"), [("w.tall", 0), ("w", 1)])
def test_a_weight_takes_the_shape_in_which_alone_it_is_read(reader: str, unsqueezed: int) -> None:
    weight = RNG.standard_normal(6).astype(np.float32)
    nodes = [
        helper.make_node("Unsqueeze", ["w", "axes"], ["w.tall"]),
        helper.make_node("Mul", ["x", "w.tall"], ["scaled"]),
        helper.make_node("Add", ["scaled", reader], ["y"]),
    ]
    model = graph(nodes, {"w": weight, "axes": integers(0)})
    tidied = tidy(model, TRIALS)
    assert kinds(tidied)["Unsqueeze"] == unsqueezed
    (stored,) = (tensor for tensor in tidied.graph.initializer if tensor.name == "w")
    np.testing.assert_array_equal(numpy_helper.to_array(stored).ravel(), weight)
    assert same_everywhere(model, tidied)


def test_weights_stay_as_they_are() -> None:
    weight = RNG.standard_normal((6, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Transpose", ["w"], ["turned"], perm=[1, 0]),
        helper.make_node("Transpose", ["turned"], ["back"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "back"], ["y"]),
    ]
    model = graph(nodes, {"w": weight})
    (stored,) = tidy(model, TRIALS).graph.initializer
    np.testing.assert_array_equal(numpy_helper.to_array(stored), weight)


@pytest.mark.parametrize("signature", [text_signature, unet_signature, encoder_signature, decoder_signature])
def test_no_two_dynamic_axes_are_ever_as_long_as_each_other(signature: Callable[[], Signature]) -> None:
    every = trials(signature())
    for turn, feeds in enumerate(every):
        lengths = {
            of: feeds[name].shape[axis]
            for name, axes in signature().dynamic.items()
            if name in feeds
            for axis, of in axes.items()
        }
        assert len(set(lengths.values())) == len(lengths)
        for name, array in feeds.items():
            changing = signature().dynamic[name]
            others = [every[other][name].shape for other in range(len(every)) if other != turn]
            assert all((shape[i] != array.shape[i]) == (i in changing) for shape in others for i in range(array.ndim))
