"""Stage one: the autoencoder, first as a whole, then its decoder alone on noisy latents."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from tools.flatland import hogwild
from tools.flatland.arch import build_vae
from tools.flatland.dataset import Pictures, ensure_pictures, random_crops, render_array, to_tensor
from tools.flatland.optim import HybridOptimizer

CHECKPOINT = Path("var/flatland-train/vae.pt")
FOLDED = Path("var/flatland-train/vae-folded.pt")  # with the normalisation of latents.py
DECODER_CHECKPOINT = Path("var/flatland-train/vae-decoder.pt")
PICTURES = Path("var/flatland-train/pictures.npy")
PICTURE_COUNT = 16_000
BATCH = 16
KL_WEIGHT = 2e-4
LATENT_NOISE = 0.12  # in parts of a channel's deviation: what a UNet leaves in its latents
AVERAGE = 0.998
HELD_OUT_SEED = 900_000_000


def reconstruction_loss(actual: Tensor, expected: Tensor) -> Tensor:
    """Returns L1 + 4 L2 + half an L1 of the gradients, and of each picture's PSNR a little; (B, 3, H, W) in [-1, 1]."""
    difference = actual.float() - expected
    slopes = difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()
    squares = difference.square().mean(dim=(1, 2, 3))
    decibels = torch.log(squares + 1e-5).mean()
    loss: Tensor = difference.abs().mean() + 4 * squares.mean() + 0.5 * slopes + 0.03 * decibels
    return loss


def whole_loss(vae: AutoencoderKL, crops: Tensor) -> Tensor:
    """Returns the loss of encoder and decoder together."""
    posterior = vae.encode(crops.bfloat16()).latent_dist
    mean, logvar = posterior.mean.float(), posterior.logvar.float()
    divergence: Tensor = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    latents = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
    return reconstruction_loss(vae.decode(latents.bfloat16()).sample, crops) + KL_WEIGHT * divergence


def decoder_loss(vae: AutoencoderKL, crops: Tensor) -> Tensor:
    """Returns the loss of the decoder on the frozen encoder's means with a little noise."""
    with torch.no_grad():
        mean = vae.encode(crops.bfloat16()).latent_dist.mean.float()
        noise = (
            LATENT_NOISE
            * mean.std(dim=(0, 2, 3), keepdim=True)
            * torch.rand(len(mean), 1, 1, 1, device=mean.device).square()
        )
    latents = mean + noise * torch.randn_like(mean)
    return reconstruction_loss(vae.decode(latents.bfloat16()).sample, crops)


def psnr(vae: AutoencoderKL, pictures: Pictures) -> float:
    """Returns the mean peak signal-to-noise ratio of reconstructions, in dB."""
    with torch.no_grad():
        expected = to_tensor(pictures)
        actual = vae.decode(vae.encode(expected).latent_dist.mean).sample.clamp(-1, 1)
    errors = (actual - expected).square().mean(dim=(1, 2, 3)) / 4
    return float((-10 * torch.log10(errors)).mean())


def _worker(rank: int, shared: hogwild.Shared, plan: hogwild.Plan) -> None:
    pictures = np.load(PICTURES, mmap_mode="r")
    lot = np.random.default_rng([int(shared.start), rank])
    vae = build_vae().bfloat16()
    named = dict(vae.named_parameters())
    names = [name for name in named if name.startswith("decoder." if plan.options["decoder_only"] else "")]
    loss_of = decoder_loss if plan.options["decoder_only"] else whole_loss
    for name, weight in named.items():
        weight.requires_grad_(name in names)
    optimizer = HybridOptimizer(names, [shared.masters[name] for name in names])
    began, step = time.time(), 0
    while shared.running(plan):
        with torch.no_grad():
            torch._foreach_copy_(list(named.values()), [shared.masters[name] for name in named])
        loss = loss_of(vae, random_crops(pictures, BATCH, lot))
        gradients = torch.autograd.grad(loss, [named[name] for name in names])
        with torch.no_grad():
            optimizer.step([g.float() for g in gradients], plan.rate_at(shared.fraction(plan)))
        step += 1
        with shared.sample_count.get_lock():
            shared.sample_count.value += BATCH
        if rank == 0:
            _housekeeping(shared, plan, step, f"{time.time() - began:6.0f} s, loss {loss.item():.4f}")


def _housekeeping(shared: hogwild.Shared, plan: hogwild.Plan, step: int, words: str) -> None:
    keys = list(shared.masters)
    with torch.no_grad():
        share = max(1 - AVERAGE, 9 / (step + 10))
        torch._foreach_lerp_([shared.average[k] for k in keys], [shared.masters[k] for k in keys], share)
    if step % 150 == 0:
        print(f"{words}, {shared.sample_count.value} crops, {_score(shared):.2f} dB", flush=True)
        hogwild.save(plan.options["checkpoint"], {"masters": shared.masters, "average": shared.average})


def _score(shared: hogwild.Shared) -> float:
    vae = build_vae()
    vae.load_state_dict(shared.average)
    return psnr(vae, np.stack([render_array(HELD_OUT_SEED + i) for i in range(16)]))


def first_weights(path: Path, *, decoder_only: bool) -> hogwild.Weights:
    """Returns the averaged weights of a checkpoint; where there is none, folded ones for a decoder, else fresh ones."""
    if path.exists():
        return torch.load(path)["average"]  # type: ignore[no-any-return]
    return torch.load(FOLDED) if decoder_only else dict(build_vae().state_dict())


def main() -> None:
    """Trains the autoencoder, or goes on from its checkpoint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    ensure_pictures(PICTURES, PICTURE_COUNT)
    path = DECODER_CHECKPOINT if arguments.decoder_only else CHECKPOINT
    plan = hogwild.Plan(
        arguments.minutes,
        arguments.learning_rate,
        worker_count=arguments.workers,
        options={"decoder_only": arguments.decoder_only, "checkpoint": path},
    )
    shared = hogwild.train(_worker, first_weights(path, decoder_only=arguments.decoder_only), plan)
    hogwild.save(path, {"masters": shared.masters, "average": shared.average})
    print(f"done: {shared.sample_count.value} crops, {_score(shared):.2f} dB", flush=True)


if __name__ == "__main__":
    main()
