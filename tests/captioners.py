"""A captioner of a few nodes, as a folder: it says what follows each word, by how bright the picture is."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_WORDS = ("a</w>", "cat</w>", ",</w>", "dog</w>", "<|startoftext|>", "<|endoftext|>")
_DARK, _BRIGHT = ("<|startoftext|>", "a</w>", "cat</w>"), ("a</w>", "dog</w>", ",</w>", "a</w>")


def write_captioner(folder: Path) -> Path:
    """Writes one that calls a dark picture "a cat" and a bright one "a dog, a dog, …" without end."""
    graph, tokenizer = folder / "captioner" / "model.onnx", folder / "tokenizer"
    for path in (graph.parent, tokenizer):
        path.mkdir(parents=True)
    (tokenizer / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(_WORDS)}))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n")
    graph.write_bytes(_model().SerializeToString())
    return folder


def _model() -> onnx.ModelProto:
    follows = np.zeros((2, len(_WORDS), len(_WORDS)), np.float32)
    follows[0, :, -1] = 0.5  # where nothing else follows, the end does
    for number, chain in enumerate((_DARK, _BRIGHT)):
        for word, following in pairwise(chain):
            follows[number, _WORDS.index(word), _WORDS.index(following)] = 1 + 3 * number
    constants = [numpy_helper.from_array(table, name) for table, name in zip(follows, ("dark", "bright"), strict=True)]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Gather", ["dark", "tokens"], ["in_the_dark"]),
        helper.make_node("Gather", ["bright", "tokens"], ["in_the_light"]),
        helper.make_node("Mul", ["in_the_light", "mean"], ["lit"]),
        helper.make_node("Add", ["in_the_dark", "lit"], ["scores"]),
    ]
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 16]),
        helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "length"]),
    ]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "length", len(_WORDS)])]
    graph = helper.make_graph(nodes, "captioner", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
