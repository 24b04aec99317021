"""The model folder: diffusers' layout, float16 safetensors, ONNX graphs beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel

from tools.flatland import onnx_graphs
from tools.flatland.tokenizer import save_tokenizer

MODEL_INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.30.0",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
}
SIZE_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True)
class Networks:
    """The three trained networks."""

    vae: AutoencoderKL
    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel


def export_model(networks: Networks, folder: Path) -> None:
    """Writes the whole model folder, except its card."""
    _write_json(folder / "model_index.json", MODEL_INDEX)
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    save_tokenizer(folder / "tokenizer")
    parts = (("vae", networks.vae), ("unet", networks.unet), ("text_encoder", networks.text_encoder))
    for name, network in parts:
        _save_half(network, folder / name)
    _export_graphs(networks, folder)


def _save_half(network: nn.Module, folder: Path) -> None:
    # The float32 network keeps the rounded weights, so that graphs and safetensors hold the same ones.
    network.half()
    network.save_pretrained(folder, safe_serialization=True)  # type: ignore[operator]
    network.float()
    config = json.loads((folder / "config.json").read_text())
    config.pop("_name_or_path", None)
    _write_json(folder / "config.json", config)


def _export_graphs(networks: Networks, folder: Path) -> None:
    graph = onnx_graphs.export_graph
    text, unet = folder / "text_encoder", folder / "unet"
    text_graph, unet_graph = onnx_graphs.TextGraph(networks.text_encoder), onnx_graphs.UNetGraph(networks.unet)
    graph(text_graph, onnx_graphs.text_signature(), text / "model.onnx", text / "model.safetensors")
    weights = unet / "diffusion_pytorch_model.safetensors"
    graph(unet_graph, onnx_graphs.unet_signature(), unet / "model.onnx", weights)
    encoder, decoder = onnx_graphs.EncoderGraph(networks.vae), onnx_graphs.DecoderGraph(networks.vae)
    vae = folder / "vae"
    weights = vae / "diffusion_pytorch_model.safetensors"
    graph(encoder, onnx_graphs.encoder_signature(), vae / "encoder.onnx", weights)
    graph(decoder, onnx_graphs.decoder_signature(), vae / "decoder.onnx", weights)


def folder_bytes(folder: Path) -> int:
    """Returns the size of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def seeded_networks(seed: int = 0) -> Networks:
    """Returns the architecture with random weights from a fixed seed."""
    from tools.flatland.arch import build_text_encoder, build_unet, build_vae
    from tools.flatland.tokenizer import vocabulary

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Networks(build_vae().eval(), build_unet().eval(), build_text_encoder(len(vocabulary()[0])).eval())
