"""The four networks of a model in torch, by diffusers and transformers: for checkpoints without ONNX graphs.

Attention is the classic kind. Arrays are NumPy's outside. On the CPU torch's rows depend on the batch in the last
digit, so that there every batch is one row; on CUDA rows are batched, and the last digit is not promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from inference_svc.engine.runner import DeviceLost
from inference_svc.models.devices import Device
from inference_svc.models.folder import ModelFolder, unusable
from inference_svc.models.networks import Float32, Int64, Limits
from inference_svc.work import Kind
from latentwire.errors import FailedPrecondition, Internal, OutOfMemory


@dataclass(frozen=True, slots=True)
class TorchNetworks:
    """Networks in torch, float32 on the CPU, float16 on CUDA; see `Networks`. Called by one thread only."""

    torch: Any
    text: Any
    unet: Any
    vae: Any
    limits: Limits

    @classmethod
    def load(cls, folder: ModelFolder, device: Device) -> TorchNetworks:
        """Reads a folder's safetensors. Raises FailedPrecondition where torch is missing or can't read it."""
        torch, *_ = (_import(name) for name in ("torch", "diffusers", "transformers"))
        if device.kind == "cuda" and not torch.cuda.is_available():
            raise FailedPrecondition("--device cuda: torch finds no CUDA device", reason="DEVICE_UNAVAILABLE")
        try:
            text, unet, vae = _read(folder.path, torch.float16 if device.kind == "cuda" else torch.float32)
        except Exception as error:  # safetensors, transformers and diffusers each raise their own
            raise unusable(f"{folder.path} can't be loaded into torch: {error}") from error
        for network in (text, unet, vae):
            network.to(device.kind).eval().requires_grad_(False)
        alone = dict.fromkeys(Kind, 1) if device.kind == "cpu" else {}
        layers = int(folder.text_encoder["num_hidden_layers"])
        return cls(torch, text, unet, vae, _limits(layers, alone))

    def hidden_states(self, tokens: Int64) -> Float32:
        """Returns (L, B, 77, D); see `Networks`."""
        with _failing(self.torch, "text encoder"):
            states = self.text(self.torch.from_numpy(tokens).to(self.text.device), output_hidden_states=True)
            inner = getattr(self.text, "text_model", self.text)
            return _to_numpy(inner.final_layer_norm(self.torch.stack(states.hidden_states[1:])))

    def predict(self, sample: Float32, timesteps: Float32, context: Float32) -> Float32:
        """Returns (B, C, h, w); see `Networks`."""
        with _failing(self.torch, "unet"):
            x, t, c = (self._tensor(array, self.unet) for array in (sample, timesteps, context))
            return _to_numpy(self.unet(x, t, c, return_dict=False)[0])

    def encode(self, pixels: Float32) -> Float32:
        """Returns (B, C, h, w); see `Networks`."""
        return self._each(lambda x: self.vae.encode(x).latent_dist.mean, pixels)

    def spread(self, pixels: Float32) -> Float32:
        """Returns (B, C, h, w); see `Spreading`."""
        return self._each(lambda x: self.vae.encode(x).latent_dist.std, pixels)

    def decode(self, latents: Float32) -> Float32:
        """Returns (B, 3, H, W); see `Networks`."""
        return self._each(lambda x: self.vae.decode(x, return_dict=False)[0], latents)

    @contextmanager
    def wrapping(self) -> Iterator[None]:
        """Makes every padded convolution of UNet and VAE wrap around; see `Wrapping`."""
        layers = [layer for network in (self.unet, self.vae) for layer in network.modules()]
        padded = [layer for layer in layers if isinstance(layer, self.torch.nn.Conv2d)]
        before = [layer.padding_mode for layer in padded]
        try:
            for layer in padded:
                layer.padding_mode = "circular"
            yield
        finally:
            for layer, mode in zip(padded, before, strict=True):
                layer.padding_mode = mode

    def _each(self, function: Callable[[Any], Any], array: Float32) -> Float32:
        with _failing(self.torch, "vae"):
            return _to_numpy(function(self._tensor(array, self.vae)))

    def _tensor(self, array: Float32, network: Any) -> Any:
        return self.torch.from_numpy(np.ascontiguousarray(array)).to(network.device, network.dtype)


def _read(path: Path, dtype: Any) -> tuple[Any, Any, Any]:
    """Text encoder, UNet and VAE, the last in float32: SD's own overflows float16."""
    torch, diffusers, transformers = (_import(name) for name in ("torch", "diffusers", "transformers"))
    transformers.utils.logging.disable_progress_bar()
    quiet = {"low_cpu_mem_usage": False}  # otherwise diffusers advises to install accelerate
    text = transformers.CLIPTextModel.from_pretrained(path / "text_encoder", attn_implementation="eager", dtype=dtype)
    unet = diffusers.UNet2DConditionModel.from_pretrained(path / "unet", torch_dtype=dtype, **quiet)
    vae = diffusers.AutoencoderKL.from_pretrained(path / "vae", torch_dtype=torch.float32, **quiet)
    for network in (unet, vae):
        network.set_attn_processor(diffusers.models.attention_processor.AttnProcessor())
    return text, unet, vae


def _import(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise FailedPrecondition(
            f"the model has no ONNX graphs, and {name} to run it without them is not installed: "
            'run `pip install "latentwire[torch]"`',
            reason="RUNTIME_MISSING",
        ) from error


@contextmanager
def _failing(torch: Any, network: str) -> Iterator[None]:
    """Runs a network without gradients and turns what torch raises into our errors."""
    try:
        with torch.inference_mode():
            yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"the device has not enough memory for this evaluation of the {network}") from error
    except RuntimeError as error:
        if "not enough memory" in str(error):
            raise OutOfMemory(f"the machine has not enough memory for this evaluation of the {network}") from error
        if "CUDA error" in str(error):
            raise DeviceLost(str(error)) from error
        raise Internal(f"the {network} failed: {error}") from error


def _limits(layers: int, alone: Mapping[Kind, int]) -> Limits:
    return Limits(layers, fixed_batch=MappingProxyType(dict(alone)), tileable=True, spreading=True)


def _to_numpy(tensor: Any) -> Float32:
    return np.asarray(tensor.float().cpu().numpy(), np.float32)
