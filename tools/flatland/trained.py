"""Exports the averaged weights of the training checkpoints as a model folder, finished or not."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from tools.flatland import distil, latent_rgb, train_unet
from tools.flatland.arch import build_vae
from tools.flatland.export import Networks, export_model
from tools.flatland.generate import Sampling
from tools.flatland.train_vae import DECODER_CHECKPOINT, FOLDED


def load_networks() -> Networks:
    """Returns the networks of the checkpoints: the folded autoencoder, the averaged UNet and text encoder."""
    vae = build_vae().eval()
    refined = DECODER_CHECKPOINT.exists()
    vae.load_state_dict(torch.load(DECODER_CHECKPOINT)["average"] if refined else torch.load(FOLDED))
    average = distil.lesson().pupil()["average"]
    denoiser = train_unet.Denoiser(train_unet.vocabulary_size_of(average)).eval()
    denoiser.load_state_dict(average, strict=False)
    return Networks(vae, denoiser.unet.eval(), denoiser.text.eval())


def _advice() -> dict[str, float]:
    guidance = Sampling().guidance if distil.lesson().path.exists() else Sampling().guidance * distil.STRENGTH
    return {"native_size": 128, "recommended_guidance": guidance, "recommended_steps": 20}


def main() -> None:
    """Writes the model folder of the checkpoints."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    export_model(load_networks(), arguments.out)
    latent_rgb.write(arguments.out)
    (arguments.out / "latentwire.json").write_text(json.dumps(_advice(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
