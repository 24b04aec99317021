"""The model card, with the figures of an evaluation report."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import torch
from safetensors import safe_open

from tools.flatland import distil, parity
from tools.flatland.evaluate import markdown
from tools.flatland.export import folder_bytes
from tools.flatland.latents import BUCKETS
from tools.flatland.painters import PAINTERS

_TEMPLATE = Path(__file__).with_name("card.md")


def _parameter_count(path: Path) -> int:
    with safe_open(path, framework="numpy") as tensors:
        names = list(tensors.keys())
        return sum(int(torch.tensor(tensors.get_slice(name).get_shape()).prod()) for name in names)


def _millions(path: Path) -> str:
    return f"{_parameter_count(path) / 1e6:.2f} million"


def _choice(scale: float, scores: Mapping[str, float]) -> str:
    """Says how the scale was chosen: by the scores of those that were tried, if any were."""
    if not scores:
        return f"Guidance {scale:g} was chosen on prompts other than those reported below, with earlier weights."
    tried = ", ".join(f"{scale} {score:.2f}" for scale, score in scores.items())
    return (
        f"Guidance {scale:g} got most pictures fully right on prompts other than those reported below "
        f"(scale and score: {tried})."
    )


def fill(folder: Path, report: dict[str, Any]) -> str:
    """Returns the card's text for a model folder and its report."""
    lesson = distil.lesson()
    differences = parity.differences(folder)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        megabytes=f"{folder_bytes(folder) / 1e6:.1f}",
        objects=", ".join(PAINTERS),
        object_count=len(PAINTERS),
        picture_count=f"{sum(bucket.count for bucket in BUCKETS):,}",
        sample_count=f"{lesson.teacher['samples']:,}",
        pupil_count=f"{lesson.pupil()['samples']:,}",
        strength=distil.STRENGTH,
        unet=_millions(folder / "unet" / "diffusion_pytorch_model.safetensors"),
        vae=_millions(folder / "vae" / "diffusion_pytorch_model.safetensors"),
        text=_millions(folder / "text_encoder" / "model.safetensors"),
        figures=markdown(report),
        guidance=f"{report['guidance']:g}",
        choice=_choice(report["guidance"], report["guidance_choice"]),
        levels=parity.picture_difference(folder, report["guidance"]),
        differences="\n".join(f"- {part}: {value:.1e}" for part, value in differences.items()),
    )


def main() -> None:
    """Writes README.md into a model folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()
    report = json.loads(arguments.report.read_text(encoding="utf-8"))
    (arguments.model / "README.md").write_text(fill(arguments.model, report), encoding="utf-8")


if __name__ == "__main__":
    main()
