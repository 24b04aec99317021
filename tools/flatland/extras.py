"""Exports what is made beside the model: upscaler_2x, upscaler_4x and captioner, one small ONNX graph each."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from tools.flatland import captioner, upscaler
from tools.flatland.captioner import PICTURE_PX, Captioner
from tools.flatland.onnx_graphs import Signature, export_graph
from tools.flatland.upscaler import SCALES, Upscaler

SIZE_LIMIT_BYTES = 2_000_000


def upscaler_signature() -> Signature:
    """Returns image (B, 3, H, W) in [0, 1] to upscaled (B, 3, sH, sW) in [0, 1]."""
    sides = {0: "batch", 2: "height", 3: "width"}
    large = {0: "batch", 2: "large_height", 3: "large_width"}
    return Signature({"image": torch.rand(2, 3, 9, 7)}, ["upscaled"], {"image": sides, "upscaled": large})


def captioner_signature() -> Signature:
    """Returns image (B, 3, 128, 128) in [0, 1] and tokens (B, T), begin token first, to scores (B, T, V)."""
    dynamic = {"image": {0: "batch"}, "tokens": {0: "batch", 1: "length"}, "scores": {0: "batch", 1: "length"}}
    inputs = {"image": torch.rand(2, 3, PICTURE_PX, PICTURE_PX), "tokens": torch.ones(2, 5, dtype=torch.int64)}
    return Signature(inputs, ["scores"], dynamic)


def export_upscaler(model: Upscaler, folder: Path) -> Path:
    """Writes e.g. upscaler_2x/model.onnx; returns where."""
    path = folder / f"upscaler_{model.scale}x" / "model.onnx"
    export_graph(model, upscaler_signature(), path)
    return path


def export_captioner(model: Captioner, folder: Path) -> Path:
    """Writes captioner/model.onnx; returns where."""
    path = folder / "captioner" / "model.onnx"
    export_graph(model, captioner_signature(), path)
    return path


def main() -> None:
    """Writes the graphs of what has been trained into a model folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    for scale in SCALES:
        if upscaler.checkpoint_of(scale).exists():
            print(export_upscaler(upscaler.load(scale), arguments.out))
    model, samples = captioner.load()
    if samples:
        print(export_captioner(model.eval(), arguments.out))


if __name__ == "__main__":
    main()
