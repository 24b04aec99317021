"""What is read from graphs at load, and how they are run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from inference_svc.engine.runner import DeviceLost
from inference_svc.models import Device, Loader
from inference_svc.models.networks import Networks
from inference_svc.models.onnx_graph import Graph, OnnxSettings, _translated
from inference_svc.work import Kind
from latentwire.errors import FailedPrecondition, Internal, OutOfMemory
from tests.unit.inference_svc.models.tiny import WIDTH, save_graph, unet_graph, write_tiny

CPU = Device("cpu")
KINDS = {Kind.DECODE, Kind.ENCODE_IMAGE, Kind.ENCODE_PROMPT, Kind.DENOISE}


def networks(folder: Path) -> Networks:
    return Loader(CPU).load("tiny", folder).evaluator.networks


def unet_feeds(rows: int) -> tuple[Any, Any, Any]:
    sample = np.arange(rows * 4 * 64, dtype=np.float32).reshape(rows, 4, 8, 8)
    return sample, np.zeros(rows, np.float32), np.ones((rows, 77, WIDTH), np.float32)


def test_free_axes_are_no_limits(tiny: Path) -> None:
    limits = networks(tiny).limits
    assert (limits.per_row_timestep, dict(limits.fixed_batch), limits.latent_size) == (True, {}, None)
    assert (limits.hidden_layers, limits.odd_sizes) == (2, True)


@pytest.mark.parametrize("timestep", [(), (1,), ("steps",)])
def test_a_timestep_that_is_not_of_the_batch_is_one_for_all_rows(tmp_path: Path, timestep: tuple[Any, ...]) -> None:
    tiny = networks(write_tiny(tmp_path / "tiny", timestep=timestep))
    sample, timesteps, context = unet_feeds(3)
    assert not tiny.limits.per_row_timestep
    np.testing.assert_array_equal(tiny.predict(sample, timesteps, context), sample + 1)


def test_a_fixed_batch_is_a_limit_and_is_filled_up(tmp_path: Path) -> None:
    tiny = networks(write_tiny(tmp_path / "tiny", batch=4, timestep=(4,)))
    sample, timesteps, context = unet_feeds(3)
    assert dict(tiny.limits.fixed_batch) == dict.fromkeys(KINDS, 4)
    np.testing.assert_array_equal(tiny.predict(sample, timesteps, context), sample + 1)
    assert tiny.hidden_states(np.zeros((2, 77), np.int64)).shape == (2, 2, 77, WIDTH)
    assert tiny.decode(sample[:1]).shape == (1, 3, 64, 64)


def test_a_fixed_size_is_a_limit(tmp_path: Path) -> None:
    assert networks(write_tiny(tmp_path / "tiny", size=(8, 16))).limits.latent_size == (8, 16)


def test_a_unet_that_fails_at_odd_sizes_is_found_out(tiny: Path) -> None:
    graph = unet_graph("batch", ("batch",), ("h", "w"))
    graph.node.add(op_type="Split", input=["sample"], output=["left", "right"]).attribute.add(name="axis", i=3, type=2)
    graph.node[-1].input.append("halves")
    graph.initializer.add(name="halves", data_type=7, dims=[2], int64_data=[4, 4])
    save_graph(tiny / "unet" / "model.onnx", graph)
    assert not networks(tiny).limits.odd_sizes


@pytest.mark.parametrize(("kind", "expected"), [("cuda", FailedPrecondition), ("cpu", OutOfMemory)])
def test_a_session_that_falls_back_or_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, tiny: Path, kind: str, expected: type[Exception]
) -> None:
    def session(*_args: object, **_kwargs: object) -> Any:
        if kind == "cpu":
            raise RuntimeError("std::bad_alloc")
        return SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    with pytest.raises(expected):
        Graph(tiny / "unet" / "model.onnx", Device(kind), OnnxSettings())


@pytest.mark.parametrize("content", [b"", b"no graph"])
def test_a_file_that_is_no_graph_is_one_sentence(tiny: Path, content: bytes) -> None:
    (tiny / "unet" / "model.onnx").write_bytes(content)
    with pytest.raises(FailedPrecondition, match=r"unet/model\.onnx can't be loaded: "):
        networks(tiny)


def test_a_graph_of_another_kind_is_told_what_was_expected(tiny: Path) -> None:
    (tiny / "unet" / "model.onnx").write_bytes((tiny / "vae_decoder" / "model.onnx").read_bytes())
    with pytest.raises(FailedPrecondition, match="takes latent_sample and gives sample; expected: sample, timestep"):
        networks(tiny)


def test_a_shape_that_the_graph_does_not_take_is_an_error_of_ours(tiny: Path) -> None:
    sample, timesteps, _ = unet_feeds(1)
    with pytest.raises(Internal, match="the unet failed"):
        networks(tiny).predict(sample, timesteps, np.ones((1, 77, WIDTH + 1), np.float32))


def test_a_device_that_the_session_does_not_get_is_one_sentence(tiny: Path) -> None:
    with pytest.raises(FailedPrecondition, match="can't be loaded: "):
        Graph(tiny / "unet" / "model.onnx", Device("cuda"), OnnxSettings())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("bad_alloc"), OutOfMemory),
        (RuntimeError("Failed to allocate memory for requested buffer of size 1"), OutOfMemory),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (RuntimeError("CUDA error 700: an illegal memory access was encountered"), DeviceLost),
        (RuntimeError("anything else"), Internal),
    ],
)
def test_what_the_runtime_raises_becomes_our_errors(error: Exception, kind: type[Exception]) -> None:
    assert type(_translated(error, "unet")) is kind


@pytest.mark.parametrize("settings", [OnnxSettings(), OnnxSettings(threads=1)])
def test_threads_change_nothing(tiny: Path, settings: OnnxSettings) -> None:
    sample, timesteps, context = unet_feeds(2)
    feeds = {"sample": sample, "timestep": timesteps, "encoder_hidden_states": context}
    graph = Graph(tiny / "unet" / "model.onnx", CPU, settings)
    np.testing.assert_array_equal(graph.run("out_sample", feeds), sample + 1)


def test_spinning_sessions_share_one_pool_that_is_made_once(tiny: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from inference_svc.models import Device, Loader; "
        "from inference_svc.models.onnx_graph import OnnxSettings; "
        "loader = Loader(Device('cpu'), OnnxSettings(threads=2, spinning=True)); "
        "print([loader.load(name, Path(sys.argv[1])).facts.name for name in 'ab'])"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tiny)], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("['a', 'b']\n", "")
