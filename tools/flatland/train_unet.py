"""Stage three: UNet and text encoder together, v-prediction on cached latents."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextModel

from tools.flatland import hogwild
from tools.flatland.arch import build_text_encoder, build_unet
from tools.flatland.draw_scene import sample_scene
from tools.flatland.latents import BUCKETS, FOLDER, Bucket
from tools.flatland.optim import HybridOptimizer
from tools.flatland.scene import Group, Pair, Row, Scene, Single
from tools.flatland.tokenizer import vocabulary

CHECKPOINT = FOLDER / "unet.pt"
DROPOUT = 0.1
AVERAGE = 0.997
SAVE_EVERY_S = 150.0
# Drawn more or less often than their part of the pictures: several objects are the hardest, each of them small.
WEIGHTS: Mapping[type[Scene], float] = {Single: 0.6, Pair: 1.3, Group: 3.0, Row: 2.0}


class Denoiser(nn.Module):
    """UNet and text encoder as one module."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        self.unet: UNet2DConditionModel = build_unet()
        self.text: CLIPTextModel = build_text_encoder(vocabulary_size)

    def forward(self, sample: Tensor, timestep: Tensor, ids: Tensor) -> Tensor:
        """Returns v, (B, 4, H, W)."""
        context = self.text(ids).last_hidden_state
        return self.unet(sample, timestep, context, return_dict=False)[0]  # type: ignore[no-any-return]


def vocabulary_size_of(weights: hogwild.Weights) -> int:
    """Returns the number of token embeddings."""
    return next(len(weight) for name, weight in weights.items() if name.endswith("token_embedding.weight"))


def alphas_cumprod() -> Tensor:
    """Returns Stable Diffusion's scaled-linear schedule, 1,000 steps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0).float()


@dataclass(frozen=True)
class Batch:
    """Latents (B, 4, h, w) and token ids (B, 77), and where on the schedule their noise begins."""

    latents: Tensor
    ids: Tensor
    least_noise: float = 0.0


def _row_weights(bucket: Bucket, count: int) -> NDArray[np.float64]:
    scenes = (sample_scene(seed) for seed in range(bucket.first_seed, bucket.first_seed + count))
    weights: NDArray[np.float64] = np.array([WEIGHTS.get(type(scene), 1.0) for scene in scenes])
    weights /= weights.sum()
    return weights


class Batches:
    """Endless batches by lot, each of one bucket."""

    def __init__(self, seed: list[int]) -> None:
        self._lot = np.random.default_rng(seed)
        self.buckets = [bucket for bucket in BUCKETS if (FOLDER / f"latents-{bucket.name}.npy").exists()]
        self.latents = [np.load(FOLDER / f"latents-{b.name}.npy", mmap_mode="r") for b in self.buckets]
        self.captions = [np.load(FOLDER / f"captions-{b.name}.npy", mmap_mode="r") for b in self.buckets]
        self.negatives: NDArray[np.int16] = np.load(FOLDER / "negatives.npy")
        self.weights = [
            _row_weights(bucket, len(rows)) for bucket, rows in zip(self.buckets, self.latents, strict=True)
        ]
        shares = np.array([bucket.share for bucket in self.buckets])
        self.shares = shares / shares.sum()

    def draw(self) -> Batch:
        """Returns the next batch; a tenth of the prompts are replaced by a negative or empty one."""
        kind = self._lot.choice(len(self.buckets), p=self.shares)
        count = self.buckets[kind].batch
        rows = self._lot.choice(len(self.latents[kind]), size=count, p=self.weights[kind])
        ids = self.captions[kind][rows, self._lot.integers(self.captions[kind].shape[1], size=count)].copy()
        dropped = self._lot.random(count) < DROPOUT
        ids[dropped] = self.negatives[self._lot.integers(len(self.negatives), size=int(dropped.sum()))]
        latents = torch.from_numpy(self.latents[kind][rows].astype(np.float32))
        return Batch(latents, torch.from_numpy(ids.astype(np.int64)), self.buckets[kind].least_noise)


@dataclass(frozen=True)
class Noised:
    """A batch with noise on it, what the model reads beside it, and its v (Salimans and Ho 2022)."""

    sample: Tensor
    timestep: Tensor
    ids: Tensor
    velocity: Tensor


def noised(batch: Batch, schedule: Tensor) -> Noised:
    """Returns the batch with noise of random strength, more often strong, where objects form."""
    low = torch.where(torch.rand(len(batch.latents), device=schedule.device) < 0.5, 0.3, 0.0) + batch.least_noise
    lot = torch.rand(len(low), device=schedule.device)
    timestep = ((low + (1 - low) * lot) * len(schedule)).long().clamp(max=len(schedule) - 1)
    alpha = schedule[timestep].sqrt().view(-1, 1, 1, 1)
    sigma = (1 - alpha.square()).sqrt()
    noise = torch.randn_like(batch.latents)
    sample = alpha * batch.latents + sigma * noise
    return Noised(sample.bfloat16(), timestep, batch.ids, alpha * noise - sigma * batch.latents)


def velocity_loss(model: nn.Module, batch: Batch, schedule: Tensor) -> Tensor:
    """Returns the mean squared error of v."""
    made = noised(batch, schedule)
    predicted = model(made.sample, made.timestep, made.ids)
    loss: Tensor = (predicted.float() - made.velocity).square().mean()
    return loss


Loss = Callable[[nn.Module, Batch, Tensor], Tensor]


def new_denoiser(weights: hogwild.Weights) -> Denoiser:
    """Returns a bfloat16 network of these weights' size, its weights still random."""
    return Denoiser(vocabulary_size_of(weights)).bfloat16()


def _worker(rank: int, shared: hogwild.Shared, plan: hogwild.Plan) -> None:
    work(rank, shared, plan, loss_of=velocity_loss, checkpoint=CHECKPOINT)


def work(rank: int, shared: hogwild.Shared, plan: hogwild.Plan, *, loss_of: Loss, checkpoint: Path) -> None:
    """Takes steps down this loss until the plan is over; the first worker writes the checkpoint."""
    batches = Batches([int(shared.start), rank])
    schedule = alphas_cumprod()
    model = new_denoiser(shared.masters).train()
    named = dict(model.named_parameters())
    names, weights = list(named), list[Tensor](named.values())
    masters = [shared.masters[name] for name in names]
    optimizer = HybridOptimizer(names, masters)
    keeper = _Keeper(shared, checkpoint) if rank == 0 else None
    while shared.running(plan):
        with torch.no_grad():
            torch._foreach_copy_(weights, masters)
        batch = batches.draw()
        loss = loss_of(model, batch, schedule)
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            optimizer.step([g.float() for g in gradients], plan.rate_at(shared.fraction(plan)))
        with shared.sample_count.get_lock():
            shared.sample_count.value += len(batch.ids)
        if keeper:
            keeper.after_step(loss.item())


class _Keeper:
    """The first worker's side job: the moving average, the log, the checkpoints."""

    def __init__(self, shared: hogwild.Shared, checkpoint: Path) -> None:
        self._shared, self._checkpoint = shared, checkpoint
        self._step, self._loss = 0, 0.0
        self._began = self._saved = time.time()

    def after_step(self, loss: float) -> None:
        self._step += 1
        self._loss += max(0.01, 1 / self._step) * (loss - self._loss)
        keys = list(self._shared.masters)
        share = max(1 - AVERAGE, 9 / (self._step + 10))
        with torch.no_grad():
            averages, masters = (
                [weights[key] for key in keys] for weights in (self._shared.average, self._shared.masters)
            )
            torch._foreach_lerp_(averages, masters, share)
        if time.time() - self._saved > SAVE_EVERY_S:
            self._saved = time.time()
            save_checkpoint(self._shared, self._checkpoint)
            count = self._shared.sample_count.value
            print(f"{self._saved - self._began:6.0f} s, {count} samples, loss {self._loss:.5f}", flush=True)


def save_checkpoint(shared: hogwild.Shared, path: Path = CHECKPOINT) -> None:
    """Writes masters, averages and the number of samples."""
    count = shared.sample_count.value
    hogwild.save(path, {"masters": shared.masters, "average": shared.average, "samples": count})


def load_checkpoint(path: Path = CHECKPOINT) -> dict[str, Any]:
    """Returns a checkpoint, or fresh weights where there is none."""
    if path.exists():
        return torch.load(path)  # type: ignore[no-any-return]
    torch.manual_seed(0)
    fresh = dict(Denoiser(len(vocabulary()[0])).named_parameters())
    return {"masters": fresh, "average": fresh, "samples": 0}


def main() -> None:
    """Trains UNet and text encoder, or goes on from their checkpoint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--learning-rate", type=float, default=1.5e-3)
    parser.add_argument("--warmup", type=float, default=0.02)
    parser.add_argument("--hold", type=float, default=0.3)
    arguments = parser.parse_args()
    checkpoint = load_checkpoint()
    plan = hogwild.Plan(
        arguments.minutes,
        arguments.learning_rate,
        warmup=arguments.warmup,
        hold=arguments.hold,
    )
    shared = hogwild.train(_worker, checkpoint["masters"], plan, checkpoint["average"], checkpoint["samples"])
    save_checkpoint(shared)
    print(f"done: {shared.sample_count.value} samples", flush=True)


if __name__ == "__main__":
    main()
