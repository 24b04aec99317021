"""Stage two: unit-variance latents folded into the autoencoder, and every training picture encoded once."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray

from tools.flatland import train_vae
from tools.flatland.arch import build_vae
from tools.flatland.captions import captions, negative_prompt
from tools.flatland.dataset import render_array, to_tensor
from tools.flatland.draw_scene import sample_scene
from tools.flatland.shape import SCALING_FACTOR
from tools.flatland.tokenizer import build_tokenizer, encode

FOLDER = Path("var/flatland-train")
CAPTION_COUNT = 4
NEGATIVE_COUNT = 400
_PIXELS_AT_ONCE = 8 * 128 * 128
_PIXELS_A_CHUNK = 64 * _PIXELS_AT_ONCE


@dataclass(frozen=True, slots=True)
class Bucket:
    """Training pictures of one size, which batch of them costs one step, how often it is taken.

    `least_noise`: where on the schedule, from 0 to 1, training begins: what a large picture shows is settled early, its
    edges are those of a small one.
    """

    width_px: int
    height_px: int
    first_seed: int
    count: int
    batch: int
    share: float
    least_noise: float = 0.0

    @property
    def name(self) -> str:
        """Returns e.g. "192x128"."""
        return f"{self.width_px}x{self.height_px}"


BUCKETS = (
    Bucket(128, 128, 0, 48_000, 64, 0.48),
    Bucket(192, 128, 100_000_000, 1_600, 40, 0.04),
    Bucket(128, 192, 200_000_000, 1_600, 40, 0.04),
    Bucket(256, 256, 300_000_000, 3_000, 16, 0.14, 0.2),
    Bucket(512, 512, 400_000_000, 2_000, 8, 0.30, 0.3),
)


def fold_normalisation(vae: AutoencoderKL, latents: NDArray[np.float32]) -> None:
    """Changes the two 1 x 1 convolutions so that scaled latents have mean 0 and variance 1 a channel."""
    mean = torch.from_numpy(latents.mean(axis=(0, 2, 3)))
    scale = torch.from_numpy(latents.std(axis=(0, 2, 3))) * SCALING_FACTOR
    channels = len(mean)
    with torch.no_grad():
        quant, post = vae.quant_conv, vae.post_quant_conv
        post.bias += (post.weight[:, :, 0, 0] @ mean).float()
        post.weight *= scale.view(1, -1, 1, 1)
        quant.weight[:channels] /= scale.view(-1, 1, 1, 1)
        quant.bias[:channels] = (quant.bias[:channels] - mean) / scale
        quant.bias[channels:] -= 2 * scale.log()


def encode_pictures(vae: AutoencoderKL, seeds: range, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Returns the posterior means (N, 4, h, w) of the training pictures of these seeds, not scaled."""
    pictures = np.stack([render_array(seed, width_px, height_px) for seed in seeds])
    with torch.no_grad():
        return vae.encode(to_tensor(pictures).to(vae.dtype)).latent_dist.mean.float().numpy()  # type: ignore[no-any-return]


def fold(checkpoint: Path = train_vae.CHECKPOINT, chunk_count: int = 16) -> None:
    """Writes the averaged autoencoder with its normalisation folded in."""
    vae = build_vae()
    vae.load_state_dict(torch.load(checkpoint)["average"])
    parts = [encode_pictures(vae, range(16 * i, 16 * (i + 1)), 128, 128) for i in range(chunk_count)]
    fold_normalisation(vae, np.concatenate(parts))
    torch.save(vae.state_dict(), train_vae.FOLDED)


def _load_folded() -> AutoencoderKL:
    vae = build_vae()
    vae.load_state_dict(torch.load(train_vae.FOLDED))
    return vae.bfloat16().eval()


def _encode_chunk(bucket: Bucket, start: int, size: int) -> NDArray[np.float16]:
    torch.set_num_threads(1)
    vae, first, last = _load_folded(), bucket.first_seed + start, bucket.first_seed + min(start + size, bucket.count)
    step = max(1, _PIXELS_AT_ONCE // (bucket.width_px * bucket.height_px))
    slices = [range(seed, min(seed + step, last)) for seed in range(first, last, step)]
    means = [encode_pictures(vae, seeds, bucket.width_px, bucket.height_px) for seeds in slices]
    return (np.concatenate(means) * SCALING_FACTOR).astype(np.float16)


def _chunks(bucket: Bucket) -> Iterator[tuple[Bucket, int, int]]:
    size = _PIXELS_A_CHUNK // (bucket.width_px * bucket.height_px)
    for start in range(0, bucket.count, size):
        yield bucket, start, size


def write_latents(bucket: Bucket) -> None:
    """Writes the scaled latents of a bucket, unless they are there."""
    path = FOLDER / f"latents-{bucket.name}.npy"
    if not path.exists():
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            parts = list(pool.map(_encode_chunk, *zip(*_chunks(bucket), strict=True)))
        np.save(path, np.concatenate(parts))


def write_captions(bucket: Bucket) -> None:
    """Writes the token ids of a bucket's captions, (N, captions, 77) int16."""
    tokenizer = build_tokenizer()
    seeds = range(bucket.first_seed, bucket.first_seed + bucket.count)
    texts = [text for seed in seeds for text in captions(sample_scene(seed), seed, CAPTION_COUNT)]
    ids = np.array(encode(tokenizer, texts), np.int16).reshape(bucket.count, CAPTION_COUNT, -1)
    np.save(FOLDER / f"captions-{bucket.name}.npy", ids)


def write_negatives() -> None:
    """Writes the token ids of prompts that stand for no prompt, (N, 77) int16."""
    texts = [negative_prompt(Random(seed)) for seed in range(NEGATIVE_COUNT)]
    np.save(FOLDER / "negatives.npy", np.array(encode(build_tokenizer(), texts), np.int16))


def main() -> None:
    """Folds the normalisation and encodes the whole training set."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--only", choices=("captions", "latents"))
    arguments = parser.parse_args()
    if arguments.only != "latents":
        write_negatives()
        for bucket in BUCKETS:
            write_captions(bucket)
    if arguments.only != "captions":
        if not train_vae.FOLDED.exists():
            fold()
        for bucket in BUCKETS:
            write_latents(bucket)
            print("encoded", bucket.name, flush=True)


if __name__ == "__main__":
    main()
