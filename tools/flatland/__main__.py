"""Makes the shipped model from nothing: `python -m tools.flatland`.

Every stage keeps what it has done under var/flatland-train, so a run that was stopped goes on where it was:
a finished stage is passed over, unless it takes over what an earlier one has made anew; the UNet goes on from its
checkpoint.
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
_ON_SHIPPED = ("--model", str(SHIPPED))


@dataclass(frozen=True, slots=True)
class Stage:
    """One command of the run, the time it takes on two idle cores, whether it runs again after an earlier one."""

    name: str
    module: str
    minutes: float
    timed: bool = False
    derived: bool = False
    options: tuple[str, ...] = ()

    @property
    def mark(self) -> Path:
        """Returns the file that says that it is done."""
        return FOLDER / f"{self.name}.done"

    def command(self, scale: float) -> list[str]:
        """Returns the command line; training time is multiplied by `scale`."""
        timing = ["--minutes", str(self.minutes * scale)] if self.timed else []
        return [sys.executable, "-m", f"tools.flatland.{self.module}", *timing, *self.options]


STAGES = (
    Stage("autoencoder", "train_vae", 40, timed=True),
    Stage("latents", "latents", 20, derived=True),
    Stage("denoiser", "train_unet", 120, timed=True),
    Stage("guidance", "distil", 40, timed=True, derived=True),
    Stage("decoder", "train_vae", 60, timed=True, options=("--decoder-only",)),
    Stage("upscalers", "upscaler", 20, timed=True),
    Stage("captioner", "captioner", 30, timed=True),
    Stage("export", "trained", 1, derived=True, options=("--out", str(SHIPPED))),
    Stage("extras", "extras", 1, derived=True, options=("--out", str(SHIPPED))),
    Stage("evaluation", "evaluate", 60, derived=True, options=(*_ON_SHIPPED, "--out", str(EVALUATION))),
    Stage("card", "card", 1, derived=True, options=(*_ON_SHIPPED, "--report", str(EVALUATION / "report.json"))),
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
    newer = False
    for stage in STAGES:
        if newer and stage.derived:
            stage.mark.unlink(missing_ok=True)
        newer = run(stage, arguments.scale) or newer


def run(stage: Stage, scale: float) -> bool:
    """Runs one stage, unless its mark says that it is done. Tells whether it ran."""
    if stage.mark.exists():
        print(f"{stage.name}: done before", flush=True)
        return False
    print(f"{stage.name}: about {stage.minutes * (scale if stage.timed else 1):.0f} minutes", flush=True)
    subprocess.run(stage.command(scale), check=True)
    stage.mark.parent.mkdir(parents=True, exist_ok=True)
    stage.mark.touch()
    return True


if __name__ == "__main__":
    main()
