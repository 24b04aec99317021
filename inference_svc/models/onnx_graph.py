"""One ONNX graph in a session: what it takes, and a run that gives the same bits for a row in any company."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from inference_svc.engine.runner import DeviceLost
from inference_svc.models.devices import Device, import_runtime
from inference_svc.models.folder import unusable
from inference_svc.models.machine import usable_cores
from latentwire.errors import Internal, OutOfMemory

Array: TypeAlias = np.ndarray[Any, Any]

_OUT_OF_MEMORY = re.compile(r"bad.?alloc|failed to allocate|out of memory|ALLOC_FAILED", re.IGNORECASE)
_LOST = re.compile(r"illegal memory access|device-side assert|device is lost|unspecified launch failure", re.IGNORECASE)
_TYPES: Mapping[str, type[np.generic]] = MappingProxyType(
    {
        "tensor(float)": np.float32,
        "tensor(float16)": np.float16,
        "tensor(double)": np.float64,
        "tensor(int64)": np.int64,
        "tensor(int32)": np.int32,
    }
)


@dataclass(frozen=True, slots=True)
class OnnxSettings:
    """How ONNX Runtime computes; the same for the whole process.

    `threads`: 0 means one for each core that the process may use. `spinning`: threads without work look for it for some
    milliseconds before they sleep. That gains a fifth on cores of our own; on cores shared with others (a gateway is
    enough) it takes two to three times as long and twice the processor time, so it is off. Spinning sessions share one
    pool, since those of several would spin against each other; sleeping ones have threads of their own.
    """

    threads: int = 0
    spinning: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a graph: its axes, a number where fixed and a name where free, and its element type."""

    axes: tuple[int | str | None, ...]
    type: str


class Graph:
    """An ONNX graph, loaded. Called by one thread only."""

    def __init__(self, path: Path, device: Device, settings: OnnxSettings) -> None:
        """Raises FailedPrecondition where the file can't be loaded, OutOfMemory where memory does not suffice."""
        self._path = path
        self._session = _open(path, device, settings)
        self.inputs = {i.name: Input(tuple(i.shape), i.type) for i in self._session.get_inputs()}
        self.outputs = tuple(output.name for output in self._session.get_outputs())

    def require(self, inputs: Sequence[str], output: str) -> None:
        """Raises FailedPrecondition where the graph has other inputs, or lacks the output."""
        if set(inputs) != set(self.inputs) or output not in self.outputs:
            raise unusable(
                f"{self._path} takes {', '.join(self.inputs)} and gives {', '.join(self.outputs)}; "
                f"expected: {', '.join(inputs)} and {output}"
            )

    def fixed(self, name: str, axis: int) -> int | None:
        """Returns the length that an axis of an input must have; None: any."""
        axes = self.inputs[name].axes
        length = axes[axis] if axis < len(axes) else None
        return length if isinstance(length, int) else None

    def run(self, output: str, feeds: Mapping[str, Array], *, axis: int = 0) -> Array:
        """Returns an output for inputs by name, of as many rows as the first input; `axis` is where it has them.

        Inputs are brought to the type that the graph wants, and filled up where it is fixed to more rows.
        """
        rows = len(next(iter(feeds.values())))
        typed = {name: self._filled(name, array) for name, array in feeds.items()}
        try:
            (result,) = self._session.run([output], typed)
        except Exception as error:
            raise _translated(error, self._path.parent.name) from error
        return np.asarray(result).take(range(rows), axis)

    def _filled(self, name: str, array: Array) -> Array:
        missing = (self.fixed(name, 0) or 0) - len(array) if array.ndim else 0
        whole = np.concatenate([array, array[-1:].repeat(missing, 0)]) if missing > 0 else array
        return np.ascontiguousarray(whole, _TYPES[self.inputs[name].type]).reshape(whole.shape)


def _open(path: Path, device: Device, settings: OnnxSettings) -> Any:
    runtime = import_runtime()
    options = _options(runtime, settings)
    try:
        session = runtime.InferenceSession(str(path), options, providers=_providers(device), enable_fallback=0)
    except Exception as error:
        problem = _translated(error, path.parent.name)
        raise problem if isinstance(problem, OutOfMemory) else unusable(f"{path} can't be loaded: {error}") from error
    if device.provider not in session.get_providers():
        raise unusable(f"{path} can't be loaded on the {device.kind} device")
    return session


def _options(runtime: Any, settings: OnnxSettings) -> Any:
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4  # what goes wrong is raised
    threads = settings.threads or usable_cores()
    if settings.spinning:
        options.use_per_session_threads = False
        with suppress(runtime.capi.onnxruntime_pybind11_state.Fail):  # it exists: the first settings hold
            runtime.set_global_thread_pool_sizes(threads, 1)
    else:
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(device: Device) -> list[Any]:
    if device.kind == "cpu":
        return ["CPUExecutionProvider"]
    # TF32 would make rows differ in the fourth digit; a searched algorithm may differ from run to run.
    cuda = {"use_tf32": "0", "cudnn_conv_algo_search": "DEFAULT", "arena_extend_strategy": "kSameAsRequested"}
    return [("CUDAExecutionProvider", cuda), "CPUExecutionProvider"]


def _translated(error: Exception, network: str) -> Exception:
    if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error)):
        return OutOfMemory(f"the device has not enough memory for this evaluation of the {network}")
    if _LOST.search(str(error)):
        return DeviceLost(str(error))
    return Internal(f"the {network} failed: {error}")
