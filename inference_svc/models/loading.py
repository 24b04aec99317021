"""A model folder -> a loaded model: which runner takes it, and the facts about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from inference_svc.models.activations import Activations, default_budget
from inference_svc.models.devices import Device
from inference_svc.models.digests import Digests
from inference_svc.models.evaluate import Evaluator
from inference_svc.models.facts import describe
from inference_svc.models.folder import ONNX_FILES, ModelFolder, read_folder
from inference_svc.models.loaded import LoadedModel
from inference_svc.models.networks import Networks
from inference_svc.models.onnx_graph import Graph, OnnxSettings
from inference_svc.models.onnx_networks import OnnxNetworks
from inference_svc.models.tokenizer import read_tokenizer
from inference_svc.sampling import ModelSigmas

Progress: TypeAlias = Callable[[float, str], None]
"""Told how far loading is, 0 to 1, and what is being done, in words; on the thread that loads."""


class Loader:
    """Loads models for one device. Takes seconds for a large one: never called on the device thread."""

    def __init__(
        self,
        device: Device,
        settings: OnnxSettings | None = None,
        *,
        budget: int | None = None,
        prefer_torch: bool = False,
    ) -> None:
        """`budget`: bytes that one batch may take; by default what the device's memory suggests."""
        self._device, self._settings = device, settings or OnnxSettings()
        self._budget = budget or default_budget(device.kind)
        self._prefer_torch = prefer_torch
        self._digests = Digests()

    def load(self, name: str, path: Path, progress: Progress = lambda _fraction, _stage: None) -> LoadedModel:
        """Returns the model of the folder at `path`, ready to run, under the name `name`.

        ONNX graphs run in ONNX Runtime, safetensors in torch; a folder with both runs as the loader prefers. Raises
        NotFound, FailedPrecondition, OutOfMemory.
        """
        progress(0.0, "reading the configuration")
        folder = read_folder(path, name)
        tokenizer = read_tokenizer(folder.path / "tokenizer")
        progress(0.05, "reading the weights")
        digest = self._digests.of(folder)
        networks, runner = self._networks(folder, progress)
        activations = Activations.of(folder)
        side = lambda multiple, limit: activations.largest_side(self._budget, multiple, limit)  # noqa: E731
        facts = describe(folder, networks.limits, digest, runner, side)
        sigmas = ModelSigmas.from_alphas_cumprod(facts.alphas_cumprod)
        evaluator = Evaluator(networks, sigmas, facts.prediction_type, float(folder.vae.get("scaling_factor", 0.18215)))
        progress(1.0, "ready")
        return LoadedModel(facts, tokenizer, evaluator, activations, self._budget)

    def _networks(self, folder: ModelFolder, progress: Progress) -> tuple[Networks, str]:
        if folder.has_graphs and not (self._prefer_torch and folder.has_safetensors):
            return self._onnx(folder, progress), f"onnxruntime-{self._device.kind}"
        from inference_svc.models.torch_networks import TorchNetworks

        progress(0.2, "loading into torch")
        return TorchNetworks.load(folder, self._device), "torch"

    def _onnx(self, folder: ModelFolder, progress: Progress) -> OnnxNetworks:
        graphs: dict[str, Graph] = {}
        for number, file in enumerate(ONNX_FILES):
            network = file.partition("/")[0]
            progress(0.2 + 0.2 * number, f"loading the {network.replace('_', ' ')}")
            graphs[network] = Graph(folder.graph(file), self._device, self._settings)
        return OnnxNetworks(folder, graphs)
