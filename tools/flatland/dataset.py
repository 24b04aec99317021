"""Pictures for the autoencoder in a memory-mapped file, and batches of crops from it."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.flatland.draw_scene import sample_scene
from tools.flatland.render import render

CROP_PX = 64
Pictures = NDArray[np.uint8]


def render_array(seed: int, width_px: int = 128, height_px: int = 128) -> Pictures:
    """Returns the training picture of a seed, (H, W, 3)."""
    return np.asarray(render(sample_scene(seed), width_px, height_px))


def ensure_pictures(path: Path, count: int, *, side_px: int = 128) -> Pictures:
    """Returns the first `count` training pictures (N, H, W, 3); renders them once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        shape = (count, side_px, side_px, 3)
        pictures = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            sides = [side_px] * count
            for i, picture in enumerate(pool.map(render_array, range(count), sides, sides, chunksize=64)):
                pictures[i] = picture
        pictures.flush()
        partial.replace(path)
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def to_tensor(pictures: Pictures) -> Tensor:
    """Returns pictures (N, H, W, 3) as float32 (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def random_crops(pictures: Pictures, count: int, lot: np.random.Generator) -> Tensor:
    """Returns `count` crops of 64 x 64 pixels from pictures drawn by lot."""
    crops = np.empty((count, CROP_PX, CROP_PX, 3), np.uint8)
    for i, row in enumerate(lot.integers(len(pictures), size=count)):
        y, x = lot.integers(pictures.shape[1] - CROP_PX + 1, size=2)
        crops[i] = pictures[row, y : y + CROP_PX, x : x + CROP_PX]
    return to_tensor(crops)
