"""A linear map from scaled latents to small pictures, for cheap previews."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tools.flatland.dataset import render_array
from tools.flatland.generate import OnnxModel

FILE_NAME = "latent_rgb.json"
_FIRST_SEED, _COUNT = 940_000_000, 200


def fit(model: OnnxModel, count: int = _COUNT) -> dict[str, object]:
    """Returns weights (4 x 3) and bias (3): latents @ weights + bias is a picture in [0, 1] at an eighth."""
    pictures = np.stack([render_array(seed) for seed in range(_FIRST_SEED, _FIRST_SEED + count)])
    latents = np.concatenate([model.encode_pictures(pictures[i : i + 8]) for i in range(0, count, 8)])
    n, height, width, _ = pictures.shape
    small = pictures.reshape(n, height // 8, 8, width // 8, 8, 3).mean(axis=(2, 4)) / 255
    inputs = latents.transpose(0, 2, 3, 1).reshape(-1, 4)
    design = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    solution = np.linalg.lstsq(design, small.reshape(-1, 3), rcond=None)[0].round(5)
    return {"weights": solution[:4].tolist(), "bias": solution[4].tolist()}


def write(folder: Path) -> None:
    """Fits the map for a model folder and puts it there."""
    text = json.dumps(fit(OnnxModel(folder)), indent=2)
    (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")
