from __future__ import annotations

import math
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
    LENGTHS,
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


def test_a_weight_that_is_handed_out_keeps_its_shape() -> None:
    nodes = [helper.make_node("Unsqueeze", ["w", "axes"], ["tall"]), helper.make_node("Mul", ["x", "tall"], ["y"])]
    model = graph(nodes, {"w": np.ones(6, np.float32), "axes": integers(0)})
    for name in ("w", "tall"):
        handing_out = onnx.ModelProto()
        handing_out.CopyFrom(model)
        handing_out.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        (stored,) = (tensor for tensor in tidy(handing_out, TRIALS).graph.initializer if tensor.name == "w")
        assert tuple(stored.dims) == (6,)


def test_of_two_integers_from_one_node_only_the_constant_one_is_fixed() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["all"]),
        helper.make_node("Split", ["all", "parts"], ["b.n", "width"], axis=0),
        helper.make_node("Concat", ["b.n", "width"], ["target"], axis=0),
        helper.make_node("Expand", ["one", "target"], ["ones"]),
        helper.make_node("Add", ["x", "ones"], ["y"]),
    ]
    model = graph(nodes, {"parts": integers(2, 1), "one": np.ones(1, np.float32)})
    tidied = tidy(model, TRIALS)
    assert [list(node.output) for node in tidied.graph.node if node.op_type == "Split"] == [["b.n", "width.unused"]]
    assert same_everywhere(model, tidied)


SIGNATURES = pytest.mark.parametrize(
    "signature", [text_signature, unet_signature, encoder_signature, decoder_signature]
)


@SIGNATURES
def test_no_two_dynamic_axes_are_ever_as_long_as_each_other(signature: Callable[[], Signature]) -> None:
    for feeds in trials(signature()):
        lengths = {
            of: feeds[name].shape[axis]
            for name, axes in signature().dynamic.items()
            if name in feeds
            for axis, of in axes.items()
        }
        assert len(set(lengths.values())) == len(lengths)


@SIGNATURES
def test_what_is_dynamic_changes_every_time_and_nothing_else_does(signature: Callable[[], Signature]) -> None:
    every = trials(signature())
    for name, dynamic in signature().dynamic.items():
        if name in every[0]:
            lengths = [set(of_axis) for of_axis in zip(*(feeds[name].shape for feeds in every), strict=True)]
            assert [len(each) for each in lengths] == [3 if axis in dynamic else 1 for axis in range(len(lengths))]


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_no_remainder_of_a_dynamic_axis_looks_constant(lengths: Sequence[int]) -> None:
    assert math.gcd(lengths[1] - lengths[0], lengths[2] - lengths[0]) == 1
