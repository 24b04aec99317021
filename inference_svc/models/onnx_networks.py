"""The four networks of a model as ONNX graphs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from inference_svc.models.folder import ModelFolder
from inference_svc.models.networks import Float32, Int64, Limits
from inference_svc.models.onnx_graph import Array, Graph
from inference_svc.work import Kind
from latentwire.errors import Internal

_UNET_INPUTS = ("sample", "timestep", "encoder_hidden_states")
_ALL_LAYERS, _LAST_LAYER = "normed_hidden_states", "last_hidden_state"
_LOG_VARIANCE = "logvar"


class OnnxNetworks:
    """Networks over sessions of ONNX Runtime; see `Networks`."""

    def __init__(self, folder: ModelFolder, graphs: Mapping[str, Graph]) -> None:
        """Raises FailedPrecondition where a graph's inputs or outputs are not what they must be."""
        self._text, self._unet = graphs["text_encoder"], graphs["unet"]
        self._encoder, self._decoder = graphs["vae_encoder"], graphs["vae_decoder"]
        self._layers = _ALL_LAYERS if _ALL_LAYERS in self._text.outputs else _LAST_LAYER
        self._text.require(["input_ids"], self._layers)
        self._unet.require(_UNET_INPUTS, "out_sample")
        self._encoder.require(["sample"], "mean")
        self._decoder.require(["latent_sample"], "sample")
        self.limits = self._read_limits(folder)

    def hidden_states(self, tokens: Int64) -> Float32:
        """Returns (L, B, 77, D); see `Networks`."""
        every = self._layers == _ALL_LAYERS
        states = _run(self._text, self._layers, {"input_ids": tokens}, axis=1 if every else 0)
        return states[1:] if every else states[None]

    def predict(self, sample: Float32, timesteps: Float32, context: Float32) -> Float32:
        """Returns (B, C, h, w); see `Networks`."""
        if not self.limits.per_row_timestep:
            timesteps = timesteps[:1].reshape([1] * self._timestep_axes())
        return _run(self._unet, "out_sample", dict(zip(_UNET_INPUTS, (sample, timesteps, context), strict=True)))

    def encode(self, pixels: Float32) -> Float32:
        """Returns (B, C, h, w); see `Networks`."""
        return _run(self._encoder, "mean", {"sample": pixels})

    def spread(self, pixels: Float32) -> Float32:
        """Returns (B, C, h, w); see `Spreading`. Bounds: diffusers'."""
        logarithm = _run(self._encoder, _LOG_VARIANCE, {"sample": pixels})
        return np.exp(np.clip(logarithm, -30, 20) / 2).astype(np.float32)

    def decode(self, latents: Float32) -> Float32:
        """Returns (B, 3, H, W); see `Networks`."""
        return _run(self._decoder, "sample", {"latent_sample": latents})

    def _read_limits(self, folder: ModelFolder) -> Limits:
        height, width = self._unet.fixed("sample", 2), self._unet.fixed("sample", 3)
        return Limits(
            hidden_layers=int(folder.text_encoder["num_hidden_layers"]) if self._layers == _ALL_LAYERS else 1,
            per_row_timestep=self._has_timestep_per_row(),
            fixed_batch=self._fixed_batch(),
            latent_size=(height, width) if height and width else None,
            odd_sizes=bool(height and width) or self._takes_odd_sizes(folder),
            spreading=_LOG_VARIANCE in self._encoder.outputs,
        )

    def _has_timestep_per_row(self) -> bool:
        axes = self._unet.inputs["timestep"].axes
        return len(axes) == 1 and axes[0] == self._unet.inputs["sample"].axes[0]

    def _fixed_batch(self) -> Mapping[Kind, int]:
        firsts = {
            Kind.ENCODE_PROMPT: self._text.fixed("input_ids", 0),
            Kind.DENOISE: self._unet.fixed("sample", 0),
            Kind.ENCODE_IMAGE: self._encoder.fixed("sample", 0),
            Kind.DECODE: self._decoder.fixed("latent_sample", 0),
        }
        return MappingProxyType({kind: rows for kind, rows in firsts.items() if rows is not None})

    def _takes_odd_sizes(self, folder: ModelFolder) -> bool:
        """Tries it: a UNet exported at an even size may double a halved odd one and then not fit. Also warms it up."""
        batch = self._unet.fixed("sample", 0) or 1
        tokens = self._unet.fixed("encoder_hidden_states", 1) or 77
        feeds = {
            "sample": np.zeros((batch, int(folder.unet["in_channels"]), 9, 9)),
            "timestep": np.zeros([batch if self._has_timestep_per_row() else 1] * self._timestep_axes()),
            "encoder_hidden_states": np.zeros((batch, tokens, int(folder.unet["cross_attention_dim"]))),
        }
        try:
            self._unet.run("out_sample", feeds)
        except Internal:
            return False
        return True

    def _timestep_axes(self) -> int:
        return len(self._unet.inputs["timestep"].axes)


def _run(graph: Graph, output: str, feeds: Mapping[str, Array], *, axis: int = 0) -> Float32:
    return np.asarray(graph.run(output, feeds, axis=axis), np.float32)
