"""The four networks as ONNX graphs with named, dynamic inputs and outputs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextModel

from tools.flatland.onnx_tidy import Feeds, tidy
from tools.flatland.onnx_weights import safetensors_spans, store_as_float16
from tools.flatland.plain_attention import PlainAttention
from tools.flatland.shape import TEXT_WIDTH, TOKEN_COUNT

_PICTURE = {0: "batch", 2: "height", 3: "width"}
_LATENT = {0: "batch", 2: "latent_height", 3: "latent_width"}
LENGTHS: Mapping[str, tuple[int, int, int]] = {
    "batch": (2, 3, 5),
    "height": (72, 85, 56),
    "width": (40, 101, 136),
    "latent_height": (17, 12, 23),
    "latent_width": (13, 18, 29),
    "tokens": (154, 77, 100),
    "length": (4, 6, 9),
}


class TextGraph(nn.Module):
    """Ids (B, 77) to all hidden states, embeddings first: raw, last normed, all normed."""

    def __init__(self, model: CLIPTextModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns (L + 1, B, 77, D), (B, 77, D), (L + 1, B, 77, D)."""
        output = self.model(input_ids, output_hidden_states=True)
        hidden = torch.stack(output.hidden_states)
        inner = getattr(self.model, "text_model", self.model)
        return hidden, output.last_hidden_state, inner.final_layer_norm(hidden)


class UNetGraph(nn.Module):
    """One denoising evaluation with a timestep for each row."""

    def __init__(self, model: UNet2DConditionModel) -> None:
        super().__init__()
        model.set_attn_processor(PlainAttention())
        self.model = model

    def forward(self, sample: Tensor, timestep: Tensor, encoder_hidden_states: Tensor) -> Tensor:
        """Returns v, (B, 4, H, W)."""
        return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]  # type: ignore[no-any-return]


class EncoderGraph(nn.Module):
    """Pictures to the mean and log-variance of their latents."""

    def __init__(self, model: AutoencoderKL) -> None:
        super().__init__()
        self.model = model

    def forward(self, sample: Tensor) -> tuple[Tensor, Tensor]:
        """Returns two times (B, 4, h, w), not yet multiplied by the scaling factor."""
        posterior = self.model.encode(sample).latent_dist
        return posterior.mean, posterior.logvar


class DecoderGraph(nn.Module):
    """Latents, divided by the scaling factor, to pictures."""

    def __init__(self, model: AutoencoderKL) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent_sample: Tensor) -> Tensor:
        """Returns (B, 3, H, W) in about [-1, 1]."""
        return self.model.decode(latent_sample, return_dict=False)[0]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Signature:
    """Example inputs in the order of `forward`, output names, and which axes of each are dynamic."""

    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]
    dynamic: Mapping[str, Mapping[int, str]]


def trials(signature: Signature) -> list[Feeds]:
    """Returns inputs in which every dynamic axis has another length each time, and no two axes have the same."""
    return [
        {
            name: _drawn(example, {axis: LENGTHS[of][turn] for axis, of in signature.dynamic[name].items()})
            for name, example in signature.inputs.items()
        }
        for turn in range(3)
    ]


def _drawn(example: Tensor, lengths: Mapping[int, int]) -> NDArray[Any]:
    shape = [lengths.get(axis, length) for axis, length in enumerate(example.shape)]
    return (torch.rand(shape) * 100).to(example.dtype).numpy()


def text_signature() -> Signature:
    """Returns the text encoder's signature."""
    stacked = {1: "batch"}
    return Signature(
        {"input_ids": torch.arange(2 * TOKEN_COUNT).view(2, TOKEN_COUNT) % 100},
        ["hidden_states", "last_hidden_state", "normed_hidden_states"],
        {
            "input_ids": {0: "batch"},
            "last_hidden_state": {0: "batch"},
            "hidden_states": stacked,
            "normed_hidden_states": stacked,
        },
    )


def unet_signature() -> Signature:
    """Returns the UNet's signature; odd sizes make each upsampling follow its skip connection."""
    return Signature(
        {
            "sample": torch.randn(2, 4, 17, 13),
            "timestep": torch.tensor([10.0, 500.5]),
            "encoder_hidden_states": torch.randn(2, 2 * TOKEN_COUNT, TEXT_WIDTH),
        },
        ["out_sample"],
        {
            "sample": _LATENT,
            "timestep": {0: "batch"},
            "encoder_hidden_states": {0: "batch", 1: "tokens"},
            "out_sample": _LATENT,
        },
    )


def encoder_signature() -> Signature:
    """Returns the VAE encoder's signature."""
    dynamic = {"sample": _PICTURE, "mean": _LATENT, "logvar": _LATENT}
    return Signature({"sample": torch.randn(2, 3, 72, 40)}, ["mean", "logvar"], dynamic)


def decoder_signature() -> Signature:
    """Returns the VAE decoder's signature."""
    dynamic = {"latent_sample": _LATENT, "sample": _PICTURE}
    return Signature({"latent_sample": torch.randn(2, 4, 9, 5)}, ["sample"], dynamic)


def export_graph(module: nn.Module, signature: Signature, path: Path, weights: Path | None = None) -> None:
    """Writes a module as ONNX with float16 weights, its own or those of the safetensors file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(signature.inputs.values()),
            str(path),
            input_names=list(signature.inputs),
            output_names=list(signature.outputs),
            dynamic_axes={name: dict(axes) for name, axes in signature.dynamic.items()},
            opset_version=17,
            do_constant_folding=False,
            dynamo=False,
        )
    traced = onnx.load(path)
    parameters = {tensor.name for tensor in traced.graph.initializer}
    model = tidy(traced, trials(signature))
    for node in model.graph.node:
        node.doc_string, node.name = "", ""
    spans = {} if weights is None else {f"model.{name}": span for name, span in safetensors_spans(weights).items()}
    store_as_float16(model.graph, parameters, weights.name if weights else "", spans)
    shorten_names(model.graph)
    path.write_bytes(model.SerializeToString())


def shorten_names(graph: onnx.GraphProto) -> None:
    """Numbers every tensor inside a graph without subgraphs: long paths in place of names took half a megabyte."""
    numbers: dict[str, str] = {entry.name: entry.name for entry in (*graph.input, *graph.output)} | {"": ""}

    def short(name: str) -> str:
        return numbers.setdefault(name, format(len(numbers), "x"))

    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for node in graph.node:
        node.input[:] = map(short, node.input)
        node.output[:] = map(short, node.output)
