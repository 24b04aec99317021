"""Makes the shipped model from nothing: `python -m tools.flatland`.

Every stage keeps what it has done under var/flatland-train, so a run that was stopped goes on where it was:
a finished stage is passed over, the UNet goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.flatland import SHIPPED
from tools.flatland.latents import FOLDER

EVALUATION = Path("var/flatland-evaluation")


@dataclass(frozen=True, slots=True)
class Stage:
    """One command of the run, and the time it takes on two idle cores."""

    name: str
    module: str
    minutes: float
    timed: bool = False
    options: tuple[str, ...] = ()

    def command(self, scale: float) -> list[str]:
        """Returns the command line; training time is multiplied by `scale`."""
        timing = ["--minutes", str(self.minutes * scale)] if self.timed else []
        return [sys.executable, "-m", f"tools.flatland.{self.module}", *timing, *self.options]


STAGES = (
    Stage("autoencoder", "train_vae", 40, timed=True),
    Stage("latents", "latents", 20),
    Stage("denoiser", "train_unet", 120, timed=True),
    Stage("decoder", "train_vae", 60, timed=True, options=("--decoder-only",)),
    Stage("upscalers", "upscaler", 20, timed=True),
    Stage("captioner", "captioner", 30, timed=True),
    Stage("export", "trained", 1, options=("--out", str(SHIPPED))),
    Stage("extras", "extras", 1, options=("--out", str(SHIPPED))),
    Stage("evaluation", "evaluate", 40, options=("--model", str(SHIPPED), "--out", str(EVALUATION))),
    Stage("card", "card", 1, options=("--model", str(SHIPPED), "--report", str(EVALUATION / "report.json"))),
)


def main() -> None:
    """Runs the stages that are not yet done."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies all training time")
    parser.add_argument("--fresh", action="store_true", help="forget earlier checkpoints")
    arguments = parser.parse_args()
    if arguments.fresh:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print(f"about {sum(stage.minutes for stage in STAGES):.0f} minutes on two idle cores", flush=True)
    for stage in STAGES:
        run(stage, arguments.scale)


def run(stage: Stage, scale: float) -> None:
    """Runs one stage, unless its mark says that it is done."""
    mark = FOLDER / f"{stage.name}.done"
    if mark.exists():
        print(f"{stage.name}: done before", flush=True)
        return
    print(f"{stage.name}: about {stage.minutes * (scale if stage.timed else 1):.0f} minutes", flush=True)
    subprocess.run(stage.command(scale), check=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


if __name__ == "__main__":
    main()
