"""One network that makes pictures larger: what its graph takes, found out by trying it once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference_svc.models.devices import Device
from inference_svc.models.folder import unusable
from inference_svc.models.networks import Float32
from inference_svc.models.onnx_graph import Graph, OnnxSettings

_PROBE_PX = 16
_MOST_SCALE = 8


@dataclass(frozen=True, slots=True)
class UpscalerGraph:
    """A loaded network of one input (B, 3, H, W) and a first output (B, 3, s H, s W), both in 0..1.

    `tile`: the only height and width that it takes. `batch`: the only number of rows.
    """

    graph: Graph
    scale: int
    tile: tuple[int, int] | None
    batch: int | None

    @classmethod
    def load(cls, path: Path, device: Device, settings: OnnxSettings) -> UpscalerGraph:
        """Loads and tries it. Raises FailedPrecondition where it is no upscaler, OutOfMemory, Internal."""
        graph = Graph(path, device, settings)
        name = _input_of(graph, path)
        height, width = graph.fixed(name, 2), graph.fixed(name, 3)
        tile = (height, width) if height and width else None
        probe = np.full((graph.fixed(name, 0) or 1, 3, height or _PROBE_PX, width or _PROBE_PX), 0.5, np.float32)
        scale = _scale(probe.shape, graph.run(graph.outputs[0], {name: probe}).shape, path)
        return cls(graph, scale, tile, graph.fixed(name, 0))

    def run(self, pixels: Float32) -> Float32:
        """Returns (B, 3, s H, s W). Raises OutOfMemory, DeviceLost, Internal."""
        (name,) = self.graph.inputs
        return np.asarray(self.graph.run(self.graph.outputs[0], {name: pixels}), np.float32)


def _input_of(graph: Graph, path: Path) -> str:
    axes = [entry.axes for entry in graph.inputs.values()]
    if len(axes) != 1 or len(axes[0]) != 4 or not _may_be(axes[0][1], 3):
        raise unusable(f"{path.name} takes {_shown(graph)}; an upscaler takes one input, pictures (B, 3, H, W)")
    name = str(next(iter(graph.inputs)))
    if graph.inputs[name].type not in {"tensor(float)", "tensor(float16)"}:
        raise unusable(f"{path.name} takes {graph.inputs[name].type}; an upscaler takes float or float16")
    if bool(graph.fixed(name, 2)) != bool(graph.fixed(name, 3)):
        raise unusable(f"{path.name} takes {_shown(graph)}; both sides are to be free, or both fixed")
    return name


def _may_be(axis: int | str | None, length: int) -> bool:
    return not isinstance(axis, int) or axis == length


def _shown(graph: Graph) -> str:
    return ", ".join(f"{name} {list(entry.axes)}" for name, entry in graph.inputs.items())


def _scale(before: tuple[int, ...], after: tuple[int, ...], path: Path) -> int:
    """The factor on both sides, whole and from 1 to 8. Raises FailedPrecondition."""
    scale = after[2] // before[2] if len(after) == 4 else 0
    if not 1 <= scale <= _MOST_SCALE or after != (*before[:2], before[2] * scale, before[3] * scale):
        made = f"{path.name} makes {list(after)} of {list(before)}"
        raise unusable(f"{made}; an upscaler multiplies both sides by 1 to {_MOST_SCALE}")
    return scale
