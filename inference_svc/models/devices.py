"""Which device models run on, chosen once, with the reason in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from latentwire.errors import FailedPrecondition, InvalidArgument

# An ONNX model of one Identity node: the smallest that shows whether a provider works.
_PROBE = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a0179120a0a0808"
    "0112040a02080142040a001011"
)


@dataclass(frozen=True, slots=True)
class Device:
    """Where models run: `kind` is "cpu" or "cuda"; `reason` says why, in a sentence for the log."""

    kind: str
    reason: str = ""

    @property
    def provider(self) -> str:
        """ONNX Runtime's name for it."""
        return "CUDAExecutionProvider" if self.kind == "cuda" else "CPUExecutionProvider"


def import_runtime() -> Any:
    """Returns the onnxruntime module. Raises FailedPrecondition, naming the command, where there is none."""
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        raise FailedPrecondition("no runtime is installed: run `make install`", reason="RUNTIME_MISSING") from error


def choose_device(wanted: str) -> Device:
    """Returns the device for "auto", "cpu" or "cuda"; auto takes CUDA where it works.

    Raises FailedPrecondition where there is no runtime, or CUDA is wanted and can't be had.
    """
    if wanted not in _CHOICES:
        raise InvalidArgument.of("device", wanted, ", ".join(_CHOICES))
    return _CHOICES[wanted](import_runtime())


def _cpu(_: Any) -> Device:
    return Device("cpu", "models run on the CPU, as asked for")


def _cuda(runtime: Any) -> Device:
    if problem := _cuda_problem(runtime):
        raise FailedPrecondition(f"--device cuda: {problem}; run `make install EXTRA=gpu`", reason="DEVICE_UNAVAILABLE")
    return Device("cuda", "models run on the CUDA device, as asked for")


def _auto(runtime: Any) -> Device:
    if problem := _cuda_problem(runtime):
        return Device("cpu", f"models run on the CPU: {problem}")
    return Device("cuda", "models run on the CUDA device that ONNX Runtime found")


_CHOICES: Mapping[str, Callable[[Any], Device]] = MappingProxyType({"auto": _auto, "cpu": _cpu, "cuda": _cuda})


def _cuda_problem(runtime: Any) -> str:
    """Why CUDA can't be had; empty where it works. A provider that is offered may still fail for want of a driver."""
    if "CUDAExecutionProvider" not in runtime.get_available_providers():
        return f"this build of ONNX Runtime ({runtime.__version__}) has no CUDA provider"
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(_PROBE, options, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
    if "CUDAExecutionProvider" not in session.get_providers():
        return "ONNX Runtime's CUDA provider finds no device, driver or library to work with"
    return ""
