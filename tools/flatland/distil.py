"""Stage four: the denoiser learns to hear half as much of a prompt, so that the guidance which clients send suits it.

Its teacher is the denoiser of stage three, whose guidance is best from 2 to 4, while clients send 7 unless told
otherwise. With t(p) the teacher's v for a prompt p and u = t("") that for none, the pupil learns
u + STRENGTH (t(p) - u), so that guidance g over the pupil is guidance g STRENGTH over the teacher: Meng et al. 2023,
"On Distillation of Guided Diffusion Models", with a scale below 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tools.flatland import hogwild, train_unet
from tools.flatland.latents import FOLDER
from tools.flatland.tokenizer import build_tokenizer, encode

STRENGTH = 0.5


@dataclass(frozen=True)
class Lesson:
    """A teacher's checkpoint, and where that of its pupil lies: a teacher that was trained on has another pupil."""

    teacher: Mapping[str, Any]
    path: Path

    def pupil(self) -> Mapping[str, Any]:
        """Returns the pupil's checkpoint: before the first lesson, the teacher's averages."""
        if self.path.exists():
            return train_unet.load_checkpoint(self.path)
        return {**self.teacher, "masters": self.teacher["average"], "samples": 0}


def lesson(folder: Path = FOLDER) -> Lesson:
    """Returns what there is to learn in a folder of checkpoints.

    Raises ValueError where no denoiser was trained there; one unpacked from a shipped model hears half already.
    """
    path = folder / train_unet.CHECKPOINT.name
    teacher = train_unet.load_checkpoint(path)
    if not teacher["samples"]:
        raise ValueError(f"{path} was not trained: run tools.flatland.train_unet first")
    return Lesson(teacher, folder / f"unet-{teacher['samples']}-distilled.pt")


class Teacher:
    """The denoiser of stage three, and what it says to a pupil."""

    def __init__(self, weights: hogwild.Weights) -> None:
        self._model = train_unet.new_denoiser(weights).eval()
        self._model.load_state_dict(dict(weights), strict=False)
        self._no_prompt = torch.tensor(encode(build_tokenizer(), [""]))

    @torch.no_grad()
    def target(self, made: train_unet.Noised) -> Tensor:
        """Returns the v (B, 4, h, w) that the pupil has to learn, float32."""
        none = self._no_prompt.expand(len(made.ids), -1)
        both = self._model(made.sample.repeat(2, 1, 1, 1), made.timestep.repeat(2), torch.cat([none, made.ids]))
        without, prompted = both.float().chunk(2)
        return torch.lerp(without, prompted, STRENGTH)

    def loss(self, pupil: nn.Module, batch: train_unet.Batch, schedule: Tensor) -> Tensor:
        """Returns the mean squared distance of a pupil from what it has to learn."""
        made = train_unet.noised(batch, schedule)
        predicted = pupil(made.sample, made.timestep, made.ids)
        distance: Tensor = (predicted.float() - self.target(made)).square().mean()
        return distance


def _worker(rank: int, shared: hogwild.Shared, plan: hogwild.Plan) -> None:
    now = lesson()
    train_unet.work(rank, shared, plan, loss_of=Teacher(now.teacher["average"]).loss, checkpoint=now.path)


def main() -> None:
    """Teaches a pupil of unet.pt, or goes on from the pupil's own checkpoint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    arguments = parser.parse_args()
    now = lesson()
    pupil = now.pupil()
    plan = hogwild.Plan(arguments.minutes, arguments.learning_rate, hold=0.3)
    shared = hogwild.train(_worker, pupil["masters"], plan, pupil["average"], pupil["samples"])
    train_unet.save_checkpoint(shared, now.path)
    print(f"done: {shared.sample_count.value} samples", flush=True)


if __name__ == "__main__":
    main()
