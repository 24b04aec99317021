"""The same training on one accelerator, where the processor only renders: autoencoder, latents, UNet.

`python -m tools.flatland.accelerated all --minutes 8` does these three in the checkpoints' folder, each stage going on
from what is there; `tools.flatland.distil` has to follow. Checkpoints are the ones of the other stages, so either can
go on where the other stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from tools.flatland import hogwild, latents, train_unet, train_vae
from tools.flatland.arch import build_vae
from tools.flatland.dataset import CROP_PX, Pictures, render_array, to_tensor
from tools.flatland.latents import BUCKETS, FOLDER, Bucket
from tools.flatland.optim import HybridOptimizer
from tools.flatland.shape import SCALING_FACTOR

LOG_EVERY_S = 20.0
_PIXELS_AT_ONCE = 256 * 128 * 128


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it is computed, and with how many rendering processes."""

    device: str
    process_count: int


@dataclass(frozen=True, slots=True)
class Course:
    """How long a stage trains, how fast, and how slowly its average follows."""

    minutes: float
    learning_rate: float
    average: float = 0.999


Parameters = Mapping[str, Tensor]


def descend(
    parameters: Parameters, course: Course, loss_of_batch: Callable[[], Tensor], *, words: Callable[[], str] = str
) -> dict[str, Tensor]:
    """Trains float32 parameters in place; returns their moving average."""
    plan = hogwild.Plan(course.minutes, course.learning_rate)
    names, weights = list(parameters), list(parameters.values())
    optimizer = HybridOptimizer(names, weights)
    averages = [weight.detach().clone() for weight in weights]
    began, logged, step = time.time(), time.time(), 0
    while (passed := (time.time() - began) / (60 * course.minutes)) < 1:
        loss = loss_of_batch()
        gradients = torch.autograd.grad(loss, weights)
        step += 1
        with torch.no_grad():
            optimizer.step([gradient.float() for gradient in gradients], plan.rate_at(passed))
            torch._foreach_lerp_(averages, weights, max(1 - course.average, 9 / (step + 10)))
        if time.time() - logged > LOG_EVERY_S:
            logged = time.time()
            print(f"{logged - began:5.0f} s, step {step}, loss {loss.item():.4f}{words()}", flush=True)
    return dict(zip(names, averages, strict=True))


def rendered(first_seed: int, count: int, size: tuple[int, int], machine: Machine) -> Pictures:
    """Returns training pictures (N, H, W, 3) of consecutive seeds, drawn by all processes."""
    width, height = size
    with ProcessPoolExecutor(machine.process_count, get_context("spawn")) as pool:
        seeds = range(first_seed, first_seed + count)
        return np.stack(list(pool.map(render_array, seeds, [width] * count, [height] * count, chunksize=128)))


# -- autoencoder ------------------------------------------------------------------------------------------------


def train_autoencoder(machine: Machine, course: Course, picture_count: int, batch: int, *, whole: bool) -> None:
    """Trains the decoder on frozen latents, or with `whole` encoder and decoder, which changes the latents."""
    pictures = torch.from_numpy(rendered(0, picture_count, (128, 128), machine)).to(machine.device)
    path = train_vae.CHECKPOINT if whole else train_vae.DECODER_CHECKPOINT
    vae = build_vae()
    vae.load_state_dict(train_vae.first_weights(path, decoder_only=not whole))
    vae.to(machine.device)
    chosen = {name: w for name, w in vae.named_parameters() if whole or name.startswith("decoder.")}
    for name, weight in vae.named_parameters():
        weight.requires_grad_(name in chosen)
    loss_of = train_vae.whole_loss if whole else train_vae.decoder_loss

    def loss_of_batch() -> Tensor:
        with torch.autocast(machine.device, torch.bfloat16):
            return loss_of(vae, crops_of(pictures, batch))

    averages = descend(chosen, course, loss_of_batch)
    _save_autoencoder(vae, averages, path)


def crops_of(pictures: Tensor, count: int) -> Tensor:
    """Returns crops (B, 3, 64, 64) in [-1, 1], by lot, of pictures (N, H, W, 3) on the same device."""
    rows = torch.randint(len(pictures), (count, 1, 1), device=pictures.device)
    corner = [torch.randint(side - CROP_PX + 1, (count, 1, 1), device=pictures.device) for side in pictures.shape[1:3]]
    reach = torch.arange(CROP_PX, device=pictures.device)
    crops = pictures[rows, corner[0] + reach[None, :, None], corner[1] + reach[None, None, :]]
    return crops.permute(0, 3, 1, 2).float() / 127.5 - 1


def _save_autoencoder(vae: AutoencoderKL, averages: Parameters, path: Path) -> None:
    masters = {name: weight.detach().cpu().clone() for name, weight in vae.state_dict().items()}
    average = masters | {name: weight.cpu() for name, weight in averages.items()}
    hogwild.save(path, {"masters": masters, "average": average})
    vae.load_state_dict(average)
    held_out = np.stack([render_array(train_vae.HELD_OUT_SEED + i) for i in range(100)])
    print(f"autoencoder: {train_vae.psnr(vae.cpu(), held_out):.2f} dB on 100 held-out pictures", flush=True)


# -- latents ----------------------------------------------------------------------------------------------------


def encode_buckets(machine: Machine, scale: float) -> None:
    """Writes captions and latents of `scale` times as many pictures a bucket as the other stages take."""
    vae = build_vae()
    vae.load_state_dict(torch.load(train_vae.FOLDED))
    vae.to(machine.device).eval()
    latents.write_negatives()
    for bucket in BUCKETS:
        larger = replace(bucket, count=round(bucket.count * scale))
        latents.write_captions(larger)
        pictures = rendered(larger.first_seed, larger.count, (larger.width_px, larger.height_px), machine)
        np.save(FOLDER / f"latents-{larger.name}.npy", np.concatenate(list(_encoded(vae, pictures, machine))))
        print("encoded", larger.name, len(pictures), flush=True)


def _encoded(vae: AutoencoderKL, pictures: Pictures, machine: Machine) -> Iterator[np.ndarray]:
    size = max(1, _PIXELS_AT_ONCE // (pictures.shape[1] * pictures.shape[2]))
    for start in range(0, len(pictures), size):
        sample = to_tensor(pictures[start : start + size]).to(machine.device)
        with torch.no_grad(), torch.autocast(machine.device, torch.bfloat16):
            mean = vae.encode(sample).latent_dist.mean.float() * SCALING_FACTOR
        yield mean.cpu().numpy().astype(np.float16)


# -- UNet -------------------------------------------------------------------------------------------------------


class DeviceBatches:
    """Endless batches by lot, all data in the device's memory."""

    def __init__(self, machine: Machine, batch_scale: int) -> None:
        self._scale = batch_scale
        source = train_unet.Batches([0])
        self._buckets: list[Bucket] = source.buckets
        self._latents = [torch.from_numpy(np.array(rows)).to(machine.device) for rows in source.latents]
        self._ids = [torch.from_numpy(np.array(rows)).to(machine.device) for rows in source.captions]
        self._weights = [torch.from_numpy(weights).float().to(machine.device) for weights in source.weights]
        self._negatives = torch.from_numpy(source.negatives).to(machine.device)
        self._shares, self._lot = source.shares, np.random.default_rng()

    def draw(self) -> train_unet.Batch:
        """Returns the next batch; a tenth of the prompts are replaced by a negative or empty one."""
        kind = int(self._lot.choice(len(self._buckets), p=self._shares))
        count = self._buckets[kind].batch * self._scale
        rows = torch.multinomial(self._weights[kind], count, replacement=True)
        which = torch.randint(self._ids[kind].shape[1], (count,), device=rows.device)
        negatives = self._negatives[torch.randint(len(self._negatives), (count,), device=rows.device)]
        dropped = torch.rand(count, 1, device=rows.device) < train_unet.DROPOUT
        ids = torch.where(dropped, negatives, self._ids[kind][rows, which])
        return train_unet.Batch(self._latents[kind][rows].float(), ids.long(), self._buckets[kind].least_noise)


def train_denoiser(machine: Machine, course: Course, batch_scale: int) -> None:
    """Trains UNet and text encoder on the cached latents."""
    checkpoint = train_unet.load_checkpoint()
    model = train_unet.Denoiser(train_unet.vocabulary_size_of(checkpoint["masters"]))
    model.load_state_dict(checkpoint["average"], strict=False)
    model.to(machine.device).train()
    batches, schedule = DeviceBatches(machine, batch_scale), train_unet.alphas_cumprod().to(machine.device)
    samples = int(checkpoint["samples"])

    def loss_of_batch() -> Tensor:
        nonlocal samples
        batch = batches.draw()
        samples += len(batch.ids)
        with torch.autocast(machine.device, torch.bfloat16):
            return train_unet.velocity_loss(model, batch, schedule)

    averages = descend(dict(model.named_parameters()), course, loss_of_batch, words=lambda: f", {samples} samples")
    masters = {name: weight.detach().cpu() for name, weight in model.named_parameters()}
    average = {name: weight.cpu() for name, weight in averages.items()}
    hogwild.save(train_unet.CHECKPOINT, {"masters": masters, "average": average, "samples": samples})
    print(f"done: {samples} samples", flush=True)


def main() -> None:
    """Runs one stage, or all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("stage", choices=("autoencoder", "decoder", "latents", "denoiser", "all"))
    parser.add_argument("--minutes", type=float, default=8, help="of training a stage")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--scale", type=float, default=8.0, help="pictures, in parts of the other stages'")
    parser.add_argument("--batch-scale", type=int, default=8, help="batch, in parts of the other stages'")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    arguments = parser.parse_args()
    machine = Machine(arguments.device, arguments.processes)
    course = Course(arguments.minutes, arguments.learning_rate)
    pictures, crops = round(2000 * arguments.scale), 16 * arguments.batch_scale
    if arguments.stage == "autoencoder":
        train_autoencoder(machine, course, pictures, crops, whole=True)
        latents.fold()
    if arguments.stage in ("decoder", "all"):
        train_autoencoder(machine, course, pictures, crops, whole=False)
    if arguments.stage in ("latents", "all"):
        encode_buckets(machine, arguments.scale)
    if arguments.stage in ("denoiser", "all"):
        train_denoiser(machine, course, arguments.batch_scale)


if __name__ == "__main__":
    main()
