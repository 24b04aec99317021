"""Upscalers of a few nodes, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NAME = "Toy 2x"


def write_nearest(
    path: Path, scale: int = 2, *, size: tuple[int | str, int | str] = ("h", "w"), batch: int | str = "batch"
) -> Path:
    """Writes a network that makes of each pixel a square: exact, so that tiles must fit together exactly."""
    factors = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "factors")
    node = helper.make_node(
        "Resize", ["image", "", "factors"], ["out"], mode="nearest", coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )  # fmt: skip
    large = [side * scale if isinstance(side, int) else f"large_{side}" for side in size]
    return _write(path, [node], [factors], [batch, 3, *size], [batch, 3, *large])


def write_blur(path: Path, scale: int = 2) -> Path:
    """Writes a network that looks at neighbours, so that tiles differ at their edges: a 5 by 5 mean, then squares."""
    weights = np.zeros((3, 3, 5, 5), np.float32)
    weights[range(3), range(3)] = 1 / 25
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "factors"),
    ]
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["soft"], pads=[2, 2, 2, 2]),
        helper.make_node("Resize", ["soft", "", "factors"], ["out"], mode="nearest"),
    ]
    return _write(path, nodes, constants, ["batch", 3, "h", "w"], ["batch", 3, "H", "W"])


def write_other(path: Path, channels: int = 4, kind: int = TensorProto.FLOAT) -> Path:
    """Writes a network that is no upscaler: its pictures have another number of channels, or another type."""
    node = helper.make_node("Identity", ["image"], ["out"])
    axes: list[int | str] = ["batch", channels, "h", "w"]
    return _write(path, [node], [], axes, axes, kind)


def _write(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: list[onnx.TensorProto],
    before: list[int | str],
    after: list[int | str],
    kind: int = TensorProto.FLOAT,
) -> Path:
    inputs = [helper.make_tensor_value_info("image", kind, before)]
    outputs = [helper.make_tensor_value_info("out", kind, after)]
    graph = helper.make_graph(nodes, "upscaler", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path
