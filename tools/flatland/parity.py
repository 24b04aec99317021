"""How far ONNX Runtime's numbers lie from torch's, for a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy.typing import NDArray
from transformers import CLIPTextModel

from tools.flatland.generate import Array, OnnxModel, Sampling, generate
from tools.flatland.shape import SCALING_FACTOR, TEXT_WIDTH, TOKEN_COUNT
from tools.flatland.showcase import FIRST

LATENT_SIZES = tuple((size, 16) for size in range(8, 33)) + tuple((16, size) for size in range(8, 33))


def differences(folder: Path) -> dict[str, float]:
    """Returns the largest absolute difference of each graph to torch in float32, from the same float16 weights."""
    model = OnnxModel(folder)
    return {
        "text_encoder": _text(folder, model),
        "unet": _unet(folder, model),
        "vae_encoder and vae_decoder": _vae(folder, model),
    }


class TorchModel(OnnxModel):
    """The same model in torch, float32, from the same float16 weights."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval()
        self._unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
        self._vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()

    def run(self, part: str, feeds: Mapping[str, NDArray[Any]]) -> list[Array]:
        """Returns the outputs of one network that a picture needs."""
        tensors = [torch.from_numpy(np.ascontiguousarray(value)) for value in feeds.values()]
        with torch.no_grad():
            if part == "text_encoder":
                return [np.empty(0, np.float32), self._text(*tensors).last_hidden_state.numpy()]
            network = self._unet if part == "unet" else self._vae.decode
            return [network(*tensors).sample.numpy()]


def picture_difference(folder: Path, guidance: float) -> int:
    """Returns the largest difference of a pixel, in levels of 255, between ONNX Runtime and torch over 20 steps."""
    seeds = range(len(FIRST))
    one, two = (generate(model, FIRST, seeds, Sampling(guidance)) for model in (OnnxModel(folder), TorchModel(folder)))
    return int(np.abs(one.astype(np.int16) - two).max())


def _noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32)


def _text(folder: Path, model: OnnxModel) -> float:
    network = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval()
    ids = np.arange(2 * TOKEN_COUNT, dtype=np.int64).reshape(2, TOKEN_COUNT)
    actual = model.run("text_encoder", {"input_ids": ids})[1]
    with torch.no_grad():
        return float(np.abs(actual - network(torch.from_numpy(ids)).last_hidden_state.numpy()).max())


def _unet(folder: Path, model: OnnxModel) -> float:
    network = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
    worst = 0.0
    for height, width in LATENT_SIZES:
        feeds = {
            "sample": _noise(1, 4, height, width),
            "timestep": np.array([500.5], np.float32),
            "encoder_hidden_states": _noise(1, TOKEN_COUNT, TEXT_WIDTH),
        }
        with torch.no_grad():
            expected = network(*(torch.from_numpy(value) for value in feeds.values())).sample.numpy()
        worst = max(worst, float(np.abs(model.run("unet", feeds)[0] - expected).max()))
    return worst


def _vae(folder: Path, model: OnnxModel) -> float:
    network = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()
    latents = _noise(1, 4, 16, 12) / np.float32(SCALING_FACTOR)
    with torch.no_grad():
        decoded = network.decode(torch.from_numpy(latents)).sample
        mean = network.encode(decoded).latent_dist.mean.numpy() * SCALING_FACTOR
    actual = model.run("vae_decoder", {"latent_sample": latents})[0]
    encoded = model.run("vae_encoder", {"sample": decoded.numpy()})[0] * SCALING_FACTOR
    return max(float(np.abs(actual - decoded.numpy()).max()), float(np.abs(encoded - mean).max()))
