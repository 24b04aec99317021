"""Which device is chosen, and what is said where it can't be had."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import onnxruntime
import pytest

from inference_svc.models import Device, choose_device
from inference_svc.models.devices import _PROBE
from latentwire.errors import FailedPrecondition, InvalidArgument

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def pretend(monkeypatch: pytest.MonkeyPatch, offered: list[str], working: list[str]) -> None:
    """Puts a runtime in place that offers some providers, of which some work."""
    session = SimpleNamespace(get_providers=lambda: working)
    runtime = SimpleNamespace(
        __version__="9.9",
        get_available_providers=lambda: offered,
        SessionOptions=SimpleNamespace,
        InferenceSession=lambda *_args, **_kwargs: session,
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)


@pytest.mark.parametrize(
    ("offered", "working", "kind", "reason"),
    [
        ([CPU], [CPU], "cpu", "models run on the CPU: this build of ONNX Runtime (9.9) has no CUDA provider"),
        ([CUDA, CPU], [CUDA, CPU], "cuda", "models run on the CUDA device that ONNX Runtime found"),
        (
            [CUDA, CPU],
            [CPU],
            "cpu",
            "models run on the CPU: ONNX Runtime's CUDA provider finds no device, driver or library to work with",
        ),
    ],
)
def test_auto_takes_cuda_where_it_works_and_says_why(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], working: list[str], kind: str, reason: str
) -> None:
    pretend(monkeypatch, offered, working)
    assert choose_device("auto") == Device(kind, reason)


@pytest.mark.parametrize("offered", [[CPU], [CUDA, CPU]])
def test_cuda_that_cannot_be_had_names_the_command(monkeypatch: pytest.MonkeyPatch, offered: list[str]) -> None:
    pretend(monkeypatch, offered, [CPU])
    with pytest.raises(FailedPrecondition, match="make install EXTRA=gpu"):
        choose_device("cuda")


def test_cuda_and_cpu_are_taken_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, [CUDA, CPU], [CUDA, CPU])
    assert [choose_device(wanted).provider for wanted in ("cuda", "cpu")] == [CUDA, CPU]


@pytest.mark.parametrize("wanted", ["auto", "cpu", "cuda"])
def test_no_runtime_at_all_names_the_command(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "onnxruntime", missing)
    with pytest.raises(FailedPrecondition, match=r"^no runtime is installed: run `make install`$"):
        choose_device(wanted)


def test_another_device_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="auto, cpu, cuda"):
        choose_device("tpu")


def test_the_probe_is_a_model_that_loads() -> None:
    assert onnxruntime.InferenceSession(_PROBE, providers=[CPU]).get_inputs()[0].name == "x"
