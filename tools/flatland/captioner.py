"""A small network that says what a picture of Flatland's world shows: a convolutional eye, a transformer's tongue."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from tools.flatland.captions import caption
from tools.flatland.dataset import Pictures, render_array
from tools.flatland.draw_scene import sample_scene
from tools.flatland.hogwild import Plan, save
from tools.flatland.interval import Share, share
from tools.flatland.latents import FOLDER
from tools.flatland.optim import HybridOptimizer
from tools.flatland.scene import Scene
from tools.flatland.tokenizer import BEGIN, END, build_tokenizer, vocabulary
from tools.flatland.upscaler import as_tensor

WIDTH, LAYER_COUNT, HEAD_COUNT, GLANCE_COUNT = 96, 2, 4, 4
LENGTH = 32
PICTURE_PX = 128
CHECKPOINT = FOLDER / "captioner.pt"
_BATCH = 64
_FIRST_SEED, _HELD_OUT_SEED = 600_000_000, 960_000_000
_Item = TypeVar("_Item")


class _FirstChoice(Random):
    """A lot that always falls on the first and plainest choice."""

    def random(self) -> float:
        return 0.5

    def choice(self, seq: Sequence[_Item]) -> _Item:  # type: ignore[override]
        return seq[0]


def plain_caption(scene: Scene) -> str:
    """Returns the one sentence that the captioner learns for a scene."""
    return caption(scene, _FirstChoice())


class Captioner(nn.Module):
    """Gives the next token's scores for a picture and the tokens so far."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        channels = (3, 24, 48, 72, WIDTH)
        layers: list[nn.Module] = []
        for narrow, wide in pairwise(channels):
            layers += [nn.Conv2d(narrow, wide, 3, stride=2, padding=1), nn.GroupNorm(8, wide), nn.ReLU()]
        self.eye = nn.Sequential(
            *layers, nn.Conv2d(WIDTH, WIDTH, 3, padding=1), *(_Glance() for _ in range(GLANCE_COUNT))
        )
        self.place_embedding = nn.Parameter(0.02 * torch.randn((PICTURE_PX // 16) ** 2, WIDTH))
        self.word_embedding = nn.Embedding(vocabulary_size, WIDTH)
        self.position_embedding = nn.Parameter(0.02 * torch.randn(LENGTH, WIDTH))
        self.layers = nn.ModuleList(_Layer() for _ in range(LAYER_COUNT))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, image: Tensor, tokens: Tensor) -> Tensor:
        """Returns scores (B, T, V) for pictures (B, 3, 128, 128) in [0, 1] and tokens (B, T), T up to 32."""
        seen = self.eye(image * 2 - 1).flatten(2).transpose(1, 2) + self.place_embedding
        x = self.word_embedding(tokens) + self.position_embedding[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, seen)
        scores: Tensor = self.norm(x) @ self.word_embedding.weight.T
        return scores


class _Glance(nn.Module):
    """Looks around each place (Liu et al. 2022, ConvNeXt); adds nothing at first."""

    def __init__(self) -> None:
        super().__init__()
        around = nn.Conv2d(WIDTH, WIDTH, 5, padding=2, groups=WIDTH)
        wide, narrow = nn.Conv2d(WIDTH, 2 * WIDTH, 1), nn.Conv2d(2 * WIDTH, WIDTH, 1)
        nn.init.zeros_(narrow.weight)
        nn.init.zeros_(narrow.bias)  # type: ignore[arg-type]
        self.steps = nn.Sequential(around, nn.GroupNorm(8, WIDTH), wide, nn.GELU(), narrow)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.steps(x)
        return result


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.own, self.other = _Attention(), _Attention()
        self.feed = nn.Sequential(nn.Linear(WIDTH, 3 * WIDTH), nn.GELU(), nn.Linear(3 * WIDTH, WIDTH))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        normed = self.norms[0](x)
        x = x + self.own(normed, normed, causal=True)
        x = x + self.other(self.norms[1](x), seen, causal=False)
        result: Tensor = x + self.feed(self.norms[2](x))
        return result


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x: Tensor, context: Tensor, *, causal: bool) -> Tensor:
        query, key, value = (_heads(part) for part in (self.query(x), self.key(context), self.value(context)))
        scores = query @ key.transpose(2, 3) * (WIDTH // HEAD_COUNT) ** -0.5
        if causal:
            order = torch.arange(x.shape[1])
            scores = scores.masked_fill(order[None, :] > order[:, None], -1e4)
        mixed = (scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        result: Tensor = self.out(mixed)
        return result


def _heads(x: Tensor) -> Tensor:
    return x.view(x.shape[0], -1, HEAD_COUNT, WIDTH // HEAD_COUNT).transpose(1, 2)


def token_rows(texts: Sequence[str]) -> Tensor:
    """Returns ids (B, 33): begin, the words, end to the last."""
    tokenizer = build_tokenizer()
    rows = [tokenizer.encode(text).ids[:LENGTH] for text in texts]
    end = vocabulary()[0][END]
    return torch.tensor([[*row, *[end] * (LENGTH + 1 - len(row))] for row in rows])


def batch_of(seeds: range) -> tuple[Pictures, Tensor]:
    """Returns pictures (B, 128, 128, 3) and their token rows."""
    pictures = np.stack([render_array(seed, PICTURE_PX, PICTURE_PX) for seed in seeds])
    return pictures, token_rows([plain_caption(sample_scene(seed)) for seed in seeds])


def loss_of(model: Captioner, image: Tensor, rows: Tensor) -> Tensor:
    """Returns the cross-entropy of the next token, counting one end token a row."""
    end = vocabulary()[0][END]
    targets = rows[:, 1:].clone()
    targets[(rows[:, :-1] == end)] = -100
    return functional.cross_entropy(model(image, rows[:, :-1]).flatten(0, 1), targets.flatten(), ignore_index=-100)


def describe(model: Captioner, pictures: Pictures) -> list[str]:
    """Returns the likeliest next word after the next, one sentence a picture."""
    ids, tokenizer = vocabulary()[0], build_tokenizer()
    image, tokens = as_tensor(pictures), torch.full((len(pictures), 1), ids[BEGIN])
    with torch.no_grad():
        for _ in range(LENGTH - 1):
            tokens = torch.cat([tokens, model(image, tokens)[:, -1:].argmax(dim=-1)], dim=1)
    return [_sentence(row[1:], tokenizer, ids[END]) for row in tokens.tolist()]


def _sentence(row: Sequence[int], tokenizer: Tokenizer, end: int) -> str:
    pieces = [tokenizer.id_to_token(token) or "" for token in takewhile(lambda token: token != end, row)]
    return "".join(pieces).replace("</w>", " ").replace(" ,", ",").strip()


def exactness(model: Captioner, count: int = 300) -> Share:
    """Returns the share of held-out pictures whose whole sentence is right."""
    seeds = range(_HELD_OUT_SEED, _HELD_OUT_SEED + count)
    pictures = np.stack([render_array(seed, PICTURE_PX, PICTURE_PX) for seed in seeds])
    said = [text for start in range(0, count, 50) for text in describe(model, pictures[start : start + 50])]
    expected = [plain_caption(sample_scene(seed)) for seed in seeds]
    return share([a == b for a, b in zip(said, expected, strict=True)])


def load(path: Path = CHECKPOINT) -> tuple[Captioner, int]:
    """Returns the trained captioner and how many pictures it has seen; a fresh one where there is no checkpoint."""
    model = Captioner(len(vocabulary()[0]))
    if not path.exists():
        return model, 0
    checkpoint = torch.load(path)
    model.load_state_dict(checkpoint["weights"])
    return model, int(checkpoint["samples"])


def train(minutes: float) -> Captioner:
    """Returns the captioner after some minutes more, each picture rendered for one look only."""
    model, samples = load()
    names, weights = (list(part) for part in zip(*model.named_parameters(), strict=True))
    optimizer, plan = HybridOptimizer(names, weights), Plan(minutes, 2e-3, hold=0.3)
    began, logged = time.time(), time.time()
    while (passed := (time.time() - began) / (60 * minutes)) < 1:
        first = _FIRST_SEED + samples
        pictures, rows = batch_of(range(first, first + _BATCH))
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(model, as_tensor(pictures), rows)
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            optimizer.step(gradients, plan.rate_at(passed))
        samples += _BATCH
        if time.time() - logged > 60:
            logged = time.time()
            print(f"{logged - began:.0f} s, {samples} pictures, loss {loss.item():.3f}", flush=True)
            save(CHECKPOINT, {"weights": model.state_dict(), "samples": samples})
    save(CHECKPOINT, {"weights": model.state_dict(), "samples": samples})
    return model


def main() -> None:
    """Trains the captioner, or goes on from its checkpoint, and prints how often its sentence is right."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    arguments = parser.parse_args()
    os.nice(max(0, 19 - os.nice(0)))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("whole sentence right:", exactness(train(arguments.minutes).eval()), flush=True)


if __name__ == "__main__":
    main()
