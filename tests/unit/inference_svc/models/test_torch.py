"""The torch runner, against ONNX Runtime's on the same weights."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from inference_svc.engine.runner import DeviceLost
from inference_svc.models import Device, LoadedModel, Loader
from inference_svc.models.folder import ONNX_FILES, read_folder
from inference_svc.models.networks import Float32, Networks, Spreading, Wrapping
from inference_svc.models.torch_networks import TorchNetworks, _failing
from inference_svc.work import DecodeRow, Kind
from latentwire.errors import FailedPrecondition, Internal, OutOfMemory

TOLERANCE = 1e-4


def normal(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(list(shape)).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def in_torch(flatland_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Flatland without its graphs."""
    folder = tmp_path_factory.mktemp("torch") / "flatland"
    shutil.copytree(flatland_folder, folder, ignore=shutil.ignore_patterns("*.onnx"))
    return Loader(Device("cpu")).load("flatland", folder)


@pytest.fixture
def pair(in_torch: LoadedModel, flatland: LoadedModel) -> tuple[Networks, Networks]:
    return in_torch.evaluator.networks, flatland.evaluator.networks


@pytest.mark.slow
def test_denoising_equals_that_of_the_graph(pair: tuple[Networks, Networks], flatland: LoadedModel) -> None:
    feeds = normal(2, 4, 16, 12), np.array([10, 900.5], np.float32), normal(2, 77, flatland.facts.context_width)
    ours, graphs = (networks.predict(*feeds) for networks in pair)
    np.testing.assert_allclose(ours, graphs, atol=TOLERANCE)


@pytest.mark.slow
def test_every_layer_of_the_text_encoder_equals_that_of_the_graph(
    pair: tuple[Networks, Networks], flatland: LoadedModel
) -> None:
    tokens = np.random.default_rng(0).integers(0, flatland.tokenizer.end_id, (2, 77))
    ours, graphs = (networks.hidden_states(tokens) for networks in pair)
    assert ours.shape == (flatland.facts.hidden_layers, 2, 77, flatland.facts.context_width)
    np.testing.assert_allclose(ours, graphs, atol=TOLERANCE)


def spread(networks: Networks, pixels: Float32) -> Float32:
    """How far latents may lie from their mean; both say so."""
    assert isinstance(networks, Spreading)
    return networks.spread(pixels)


@pytest.mark.slow
def test_the_autoencoder_equals_its_graphs(pair: tuple[Networks, Networks]) -> None:
    pixels, latents = np.tanh(normal(1, 3, 64, 72)), normal(1, 4, 8, 9)
    made = ((each.encode(pixels), spread(each, pixels), each.decode(latents)) for each in pair)
    for ours, graphs in zip(*made, strict=True):
        np.testing.assert_allclose(ours, graphs, atol=TOLERANCE)


@pytest.mark.slow
def test_its_facts_are_those_of_the_graphs_but_for_runner_and_weights(
    in_torch: LoadedModel, flatland: LoadedModel
) -> None:
    differ = {"digest", "sha256", "path", "runner", "memory_bytes", "tileable"}
    ours, graphs = (
        {name: getattr(model.facts, name) for name in model.facts.__slots__ if name not in differ}
        for model in (in_torch, flatland)
    )
    assert (ours, in_torch.facts.runner) == (graphs, "torch")


@pytest.mark.slow
def test_a_folder_with_both_runs_as_the_loader_prefers(flatland_folder: Path) -> None:
    assert Loader(Device("cpu"), prefer_torch=True).load("flatland", flatland_folder).facts.runner == "torch"


@pytest.mark.slow
def test_on_the_cpu_a_batch_is_one_row(in_torch: LoadedModel) -> None:
    assert dict(in_torch.evaluator.networks.limits.fixed_batch) == dict.fromkeys(Kind, 1)


@pytest.mark.parametrize("missing", ["torch", "diffusers", "transformers"])
def test_a_folder_without_graphs_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, flatland_folder: Path, missing: str
) -> None:
    for name in ("torch", "diffusers", "transformers"):
        module: Any = None if name == missing else SimpleNamespace()
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(FailedPrecondition, match=rf"{missing} to run it .* not installed: run `pip install"):
        TorchNetworks.load(read_folder(flatland_folder), Device("cpu"))


def test_cuda_that_torch_does_not_find_is_one_sentence(monkeypatch: pytest.MonkeyPatch, flatland_folder: Path) -> None:
    for name in ("torch", "diffusers", "transformers"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False)))
    with pytest.raises(FailedPrecondition, match="torch finds no CUDA device"):
        TorchNetworks.load(read_folder(flatland_folder), Device("cuda"))


@pytest.mark.slow
def test_weights_that_cannot_be_read_are_one_sentence(flatland_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(
        flatland_folder, folder, ignore=shutil.ignore_patterns(*{name.split("/")[1] for name in ONNX_FILES})
    )
    (folder / "text_encoder" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(FailedPrecondition, match="can't be loaded into torch"):
        Loader(Device("cpu")).load("broken", folder)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes", OutOfMemory),
        ("CUDA error: an illegal memory access was encountered", DeviceLost),
        ("shapes cannot be multiplied", Internal),
    ],
)
def test_what_torch_raises_becomes_our_errors(message: str, kind: type[Exception]) -> None:
    with pytest.raises(kind), _failing(torch, "unet"):
        raise RuntimeError(message)


def test_torchs_own_out_of_memory_is_ours() -> None:
    with pytest.raises(OutOfMemory, match="unet"), _failing(torch, "unet"):
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_pictures_that_wrap_around_may_begin_anywhere(in_torch: LoadedModel, flatland: LoadedModel) -> None:
    networks, latents = in_torch.evaluator.networks, normal(1, 4, 8, 8)
    assert isinstance(networks, Wrapping)
    with networks.wrapping():
        pictures = [networks.decode(np.roll(latents, shift, (2, 3))) for shift in (0, 4)]
        context = normal(1, 77, flatland.facts.context_width)
        noises = [
            networks.predict(np.roll(latents, shift, (2, 3)), np.array([500], np.float32), context) for shift in (0, 4)
        ]
    scale = flatland.facts.latent_scale
    np.testing.assert_allclose(np.roll(pictures[0], 4 * scale, (2, 3)), pictures[1], atol=1e-3)
    np.testing.assert_allclose(np.roll(noises[0], 4, (2, 3)), noises[1], atol=1e-3)


def test_what_wraps_around_does_so_no_longer_afterwards(in_torch: LoadedModel) -> None:
    networks, latents = in_torch.evaluator.networks, normal(1, 4, 8, 8)
    row = DecodeRow("flatland", latents)
    before = networks.decode(latents)
    around = in_torch.evaluator.run(Kind.DECODE, [replace(row, tiling=True)])[0]
    assert np.array_equal(networks.decode(latents), before)
    assert not np.array_equal(around, in_torch.evaluator.run(Kind.DECODE, [row])[0])


def test_torch_can_wrap_around_and_graphs_can_not(in_torch: LoadedModel, flatland: LoadedModel) -> None:
    assert (in_torch.facts.tileable, flatland.facts.tileable) == (True, False)
    with pytest.raises(Internal, match="can't wrap around"):
        flatland.evaluator.run(Kind.DECODE, [DecodeRow("flatland", normal(1, 4, 8, 8), tiling=True)])
