"""The runners on a CUDA device, on the shipped model."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_svc.models import Device, Loader, ModelRunner, choose_device
from inference_svc.models.folder import read_folder
from inference_svc.models.torch_networks import TorchNetworks
from inference_svc.work import DecodeRow, DenoiseRow

ROWS = 8
TOLERANCE = 2e-3


@pytest.fixture(scope="module")
def folder() -> Path:
    """The shipped model's folder."""
    shipped = Path(str(resources.files("inference_svc.models").joinpath("flatland")))
    assert (shipped / "model_index.json").is_file(), "the package carries no model to compare devices on"
    return shipped


@pytest.fixture(scope="module")
def cuda() -> Device:
    """A CUDA device that ONNX Runtime works with; the sentence that says why there is none fails the test."""
    return choose_device("cuda")


def runner(folder: Path, device: Device) -> ModelRunner:
    loaded = ModelRunner()
    loaded.hand_over(Loader(device).load("flatland", folder))
    return loaded


def denoise_rows(width: int) -> list[DenoiseRow]:
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 4, 16, 16)).astype(np.float32)
    context = random.normal(size=(ROWS, 77, width)).astype(np.float32)
    sigmas = np.geomspace(0.03, 14.6, ROWS).tolist()
    return [DenoiseRow("flatland", s * x[i : i + 1], s, context[i : i + 1]) for i, s in enumerate(sigmas)]


def results(runner: ModelRunner, rows: list[Any]) -> list[Any]:
    return runner.run(rows[0].key, rows)


def test_auto_takes_cuda(cuda: Device) -> None:
    assert (choose_device("auto").kind, cuda.provider) == ("cuda", "CUDAExecutionProvider")


def test_denoising_and_decoding_equal_those_of_the_cpu(cuda: Device, folder: Path) -> None:
    ours, theirs = runner(folder, cuda), runner(folder, Device("cpu"))
    rows = denoise_rows(ours.facts("flatland").context_width)
    np.testing.assert_allclose(results(ours, rows), results(theirs, rows), atol=TOLERANCE)
    latents = [DecodeRow("flatland", np.tanh(row.x)) for row in rows]
    difference = np.subtract(results(ours, latents), results(theirs, latents), dtype=np.int16)
    assert np.abs(difference).max() <= 1


def test_denoising_is_the_same_in_every_batch(cuda: Device, folder: Path) -> None:
    ours = runner(folder, cuda)
    rows = denoise_rows(ours.facts("flatland").context_width)
    alone = [results(ours, [row])[0] for row in rows]
    for size in range(2, ROWS + 1):
        assert all(map(np.array_equal, results(ours, rows[:size]), alone)), f"batch of {size}"


def test_torch_on_cuda_equals_the_graphs(folder: Path, cuda: Device) -> None:
    networks = TorchNetworks.load(read_folder(folder), Device("cuda"))
    graphs = Loader(cuda).load("flatland", folder).evaluator.networks
    sample = np.random.default_rng(0).normal(size=(2, 4, 16, 16)).astype(np.float32)
    feeds = sample, np.array([10, 900.5], np.float32), np.zeros((2, 77, networks.unet.config.cross_attention_dim))
    np.testing.assert_allclose(networks.predict(*feeds), graphs.predict(*feeds), atol=5e-2)
