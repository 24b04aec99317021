"""Flat-art upscalers: a small convolutional network that doubles or quadruples a picture's sides."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tools.flatland.dataset import Pictures, render_array
from tools.flatland.hogwild import save
from tools.flatland.latents import FOLDER

SCALES = (2, 4)
WIDTH, BLOCK_COUNT = 32, 3
_BATCH, _SMALL_PX = 12, 32
_SIDE_PX, _PICTURE_COUNT = 256, 480
_FIRST_SEED, _HELD_OUT_SEED = 500_000_000, 950_000_000


class Upscaler(nn.Module):
    """Adds what is missing to a bicubic enlargement (Shi et al. 2016, sub-pixel convolution)."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.first = nn.Conv2d(3, WIDTH, 5, padding=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 3, padding=1))
            for _ in range(BLOCK_COUNT)
        )
        self.last = nn.Conv2d(WIDTH, 3 * scale * scale, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """Returns (B, 3, sH, sW) in [0, 1] for pictures (B, 3, H, W) in [0, 1]."""
        x = self.first(image)
        for block in self.blocks:
            x = x + block(x)
        detail = functional.pixel_shuffle(self.last(x), self.scale)
        return (enlarged(image, self.scale) + detail).clamp(0, 1)


def enlarged(image: Tensor, scale: int) -> Tensor:
    """Returns the bicubic enlargement, (B, 3, sH, sW)."""
    return functional.interpolate(image, scale_factor=float(scale), mode="bicubic", align_corners=False)


@dataclass(frozen=True)
class Pictured:
    """Sharp crops (B, 3, sH, sW) and what is to be made sharp, (B, 3, H, W), both in [0, 1]."""

    small: Tensor
    large: Tensor


def reduced(large: Tensor, scale: int, softness: float) -> Tensor:
    """Returns pictures reduced by means of blocks; softness in [0, 1] mixes in a blur as decoders leave it."""
    small = functional.avg_pool2d(large, scale)
    padded = functional.pad(small, (1, 1, 1, 1), mode="replicate")
    return small + softness * (functional.avg_pool2d(padded, 3, stride=1) - small)


def draw(pictures: Pictures, scale: int, lot: np.random.Generator) -> Pictured:
    """Returns a batch by lot; half of it softened."""
    side = _SMALL_PX * scale
    crops = np.empty((_BATCH, side, side, 3), np.uint8)
    for i, row in enumerate(lot.integers(len(pictures), size=_BATCH)):
        y, x = lot.integers(pictures.shape[1] - side + 1, size=2)
        crops[i] = pictures[row, y : y + side, x : x + side]
    large = as_tensor(crops)
    return Pictured(reduced(large, scale, softness=float(max(0.0, lot.uniform(-0.6, 0.6)))), large)


def as_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """Returns (B, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255


def psnr(actual: Tensor, expected: Tensor) -> float:
    """Returns the mean peak signal-to-noise ratio of a batch in [0, 1], in dB; a picture counts 60 at most."""
    errors = (actual - expected).square().mean(dim=(1, 2, 3)).clamp(min=1e-6)
    return float((-10 * torch.log10(errors)).mean())


def scores(model: Upscaler, count: int = 48) -> dict[str, float]:
    """Returns PSNR on held-out renders against repeated pixels and bicubic enlargement, in dB."""
    seeds = range(_HELD_OUT_SEED, _HELD_OUT_SEED + count)
    large = as_tensor(np.stack([render_array(seed, _SIDE_PX, _SIDE_PX) for seed in seeds]))
    small = reduced(large, model.scale, 0.0)
    with torch.no_grad():
        made = model(small)
    bicubic = enlarged(small, model.scale).clamp(0, 1)
    repeated = functional.interpolate(small, scale_factor=model.scale, mode="nearest")
    return {name: psnr(x, large) for name, x in (("model", made), ("bicubic", bicubic), ("repeated", repeated))}


def checkpoint_of(scale: int) -> Path:
    """Returns where the weights are kept."""
    return FOLDER / f"upscaler-{scale}x.pt"


def load(scale: int) -> Upscaler:
    """Returns the trained upscaler, or a fresh one."""
    model = Upscaler(scale)
    if checkpoint_of(scale).exists():
        model.load_state_dict(torch.load(checkpoint_of(scale)))
    return model


def train(scale: int, minutes: float) -> Upscaler:
    """Returns the upscaler after some minutes more; the learning rate falls in a half cosine."""
    pictures = np.stack([render_array(_FIRST_SEED + i, _SIDE_PX, _SIDE_PX) for i in range(_PICTURE_COUNT)])
    model, lot = load(scale), np.random.default_rng(scale)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    began, step = time.time(), 0
    while (passed := (time.time() - began) / (60 * minutes)) < 1:
        rate = min(1.0, step / 100 + 0.01) * (0.5 + 0.5 * float(np.cos(np.pi * passed))) + 0.01
        optimizer.param_groups[0]["lr"] = 1.2e-3 * rate
        batch = draw(pictures, scale, lot)
        difference = model(batch.small) - batch.large
        loss = difference.abs().mean() + 4 * difference.square().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        step += 1
        if step % 200 == 0:
            print(f"{scale}x: step {step}, {time.time() - began:.0f} s, loss {loss.item():.4f}", flush=True)
            save(checkpoint_of(scale), model.state_dict())
    save(checkpoint_of(scale), model.state_dict())
    return model


def main() -> None:
    """Trains the upscalers, or goes on from their checkpoints, and prints their scores."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="for all of them")
    parser.add_argument("--scale", type=int, choices=SCALES, action="append")
    arguments = parser.parse_args()
    os.nice(max(0, 19 - os.nice(0)))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    scales = arguments.scale or SCALES
    for scale in scales:
        print(scale, scores(train(scale, arguments.minutes / len(scales))), flush=True)


if __name__ == "__main__":
    main()
