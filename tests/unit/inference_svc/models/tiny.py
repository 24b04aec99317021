"""A model folder of four hand-made graphs, a few kilobytes in all: for whatever the real model's graphs don't show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Axes: TypeAlias = Sequence[int | str]

WIDTH = 8
CONFIGS: dict[str, dict[str, Any]] = {
    "model_index.json": {"_class_name": "StableDiffusionPipeline"},
    "scheduler/scheduler_config.json": {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "prediction_type": "epsilon",
    },
    "text_encoder/config.json": {"num_hidden_layers": 2, "hidden_size": WIDTH},
    "unet/config.json": {
        "in_channels": 4,
        "out_channels": 4,
        "sample_size": 8,
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 2,
        "block_out_channels": [4, 8],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    },
    "vae/config.json": {"block_out_channels": [4, 4, 4, 4], "scaling_factor": 0.5},
}
VOCABULARY = {"a</w>": 0, "b</w>": 1, ",</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4}


def write_tiny(
    folder: Path, *, batch: int | str = "batch", timestep: Axes = ("batch",), size: Axes = ("h", "w")
) -> Path:
    """Writes the folder and returns it. The UNet gives its sample plus the context's mean."""
    write_configs(folder)
    save_graph(folder / "text_encoder" / "model.onnx", _text_graph(batch))
    save_graph(folder / "unet" / "model.onnx", unet_graph(batch, timestep, size))
    save_graph(folder / "vae_encoder" / "model.onnx", _encoder_graph(batch))
    save_graph(folder / "vae_decoder" / "model.onnx", _decoder_graph(batch))
    return folder


def write_configs(folder: Path) -> None:
    """Writes what is not weights."""
    for name, content in CONFIGS.items():
        write_json(folder / name, content)
    write_json(folder / "tokenizer" / "vocab.json", VOCABULARY)
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")


def write_json(path: Path, content: object) -> None:
    """Writes a JSON file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def unet_graph(batch: int | str, timestep: Axes, size: Axes) -> onnx.GraphProto:
    """A UNet that is a line of arithmetic; the timestep is taken and multiplied by nothing."""
    nodes = [
        helper.make_node("ReduceMean", ["encoder_hidden_states"], ["mean"], axes=[1, 2], keepdims=1),
        helper.make_node("Unsqueeze", ["mean", "last"], ["shift"]),
        helper.make_node("ReduceSum", ["timestep"], ["time"], keepdims=0),
        helper.make_node("Mul", ["time", "zero"], ["nothing"]),
        helper.make_node("Add", ["sample", "shift"], ["shifted"]),
        helper.make_node("Add", ["shifted", "nothing"], ["out_sample"]),
    ]
    inputs = [
        _value("sample", [batch, 4, *size]),
        _value("timestep", timestep),
        _value("encoder_hidden_states", [batch, "tokens", WIDTH]),
    ]
    constants = [_constant("last", np.array([3])), _constant("zero", np.array(0, np.float32))]
    return helper.make_graph(nodes, "unet", inputs, [_value("out_sample", [batch, 4, *size])], constants)


def save_graph(path: Path, graph: onnx.GraphProto) -> None:
    """Writes a graph as a model file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def _text_graph(batch: int | str) -> onnx.GraphProto:
    """Layer l of token t is t + 100 l, in every element."""
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["ids", "axes"], ["column"]),
        helper.make_node("Add", ["column", "layers"], ["normed_hidden_states"]),
    ]
    layers = np.broadcast_to(np.arange(3, dtype=np.float32)[:, None, None, None] * 100, (3, 1, 1, WIDTH))
    constants = [_constant("axes", np.array([0, 3])), _constant("layers", np.ascontiguousarray(layers))]
    inputs = [_value("input_ids", [batch, 77], TensorProto.INT64)]
    outputs = [_value("normed_hidden_states", [3, batch, 77, WIDTH])]
    return helper.make_graph(nodes, "text", inputs, outputs, constants)


def _encoder_graph(batch: int | str) -> onnx.GraphProto:
    """Every latent channel is the mean of 8 by 8 red elements."""
    weights = np.zeros((4, 3, 8, 8), np.float32)
    weights[:, 0] = 1 / 64
    node = helper.make_node("Conv", ["sample", "weights"], ["mean"], strides=[8, 8])
    inputs, outputs = [_value("sample", [batch, 3, "H", "W"])], [_value("mean", [batch, 4, "h", "w"])]
    return helper.make_graph([node], "encoder", inputs, outputs, [_constant("weights", weights)])


def _decoder_graph(batch: int | str) -> onnx.GraphProto:
    """The first three latent channels are red, green and blue."""
    weights = np.zeros((4, 3, 8, 8), np.float32)
    weights[range(3), range(3)] = 1
    node = helper.make_node("ConvTranspose", ["latent_sample", "weights"], ["sample"], strides=[8, 8])
    inputs, outputs = [_value("latent_sample", [batch, 4, "h", "w"])], [_value("sample", [batch, 3, "H", "W"])]
    return helper.make_graph([node], "decoder", inputs, outputs, [_constant("weights", weights)])


def _value(name: str, axes: Axes, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(axes))


def _constant(name: str, array: np.ndarray[Any, Any]) -> onnx.TensorProto:
    return numpy_helper.from_array(array, name)
