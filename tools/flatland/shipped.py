"""Goes on from a shipped model where checkpoints are gone: its weights become what training resumes from."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

from tools.flatland import SHIPPED, hogwild, train_unet, train_vae
from tools.flatland.latents import FOLDER
from tools.flatland.tokenizer import vocabulary
from tools.flatland.widen import with_new_words

_WORDS = "text.embeddings.token_embedding.weight"


def unpack(model: Path, folder: Path) -> None:
    """Writes the checkpoints of a model folder into `folder`. Raises FileExistsError where one of them exists.

    The shipped autoencoder has the normalisation folded in, so that its stages need not run again:
    `python -m tools.flatland` passes over it, encodes with it, and goes on with UNet and text encoder. These hear half
    of a prompt (tools/flatland/distil.py): the denoiser's stage has to run whole, so that they hear all of it, before
    they can teach again. Words that the vocabulary has learnt since then begin with rows by lot.
    """
    folded, checkpoint = folder / train_vae.FOLDED.name, folder / train_unet.CHECKPOINT.name
    for path in (folded, checkpoint):
        if path.exists():
            raise FileExistsError(f"{path} exists: training goes on from it; move it away to go on from {model}")
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(AutoencoderKL.from_pretrained(model, subfolder="vae", torch_dtype=torch.float32).state_dict(), folded)
    weights: dict[str, torch.Tensor] = dict(_denoiser(model).named_parameters())
    old_ids = json.loads((model / "tokenizer" / "vocab.json").read_text(encoding="utf-8"))
    weights[_WORDS] = with_new_words(weights[_WORDS].detach(), old_ids, vocabulary()[0])
    hogwild.save(checkpoint, {"masters": weights, "average": weights, "samples": 0})
    (folder / "autoencoder.done").touch()


def _denoiser(model: Path) -> torch.nn.Module:
    text = CLIPTextModel.from_pretrained(model, subfolder="text_encoder", dtype=torch.float32)
    denoiser = train_unet.Denoiser(text.config.vocab_size)
    denoiser.unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet", torch_dtype=torch.float32)
    denoiser.text = text
    return denoiser


def main() -> None:
    """Writes the checkpoints of the shipped model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    unpack(arguments.model, arguments.folder)


if __name__ == "__main__":
    main()
