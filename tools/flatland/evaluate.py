"""Scores a model folder: held-out combinations, known ones, pairs with a relation, the decoder alone."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.flatland.dataset import render_array
from tools.flatland.generate import OnnxModel, Sampling, generate_all
from tools.flatland.interval import Share, share
from tools.flatland.sheet import contact_sheet
from tools.flatland.tasks import Marks, Task, ceiling, mark, pair_tasks, single_tasks

# No seed below is one of the training set's; guidance is chosen on its own tasks.
_CHOICE_SEED, _REPORT_SEED, _PICTURE_SEED = 910_000_000, 920_000_000, 930_000_000
GUIDANCES = (2.0, 3.0, 4.0)
SHOWN = (
    "a red circle on a white background",
    "a house under a starry night sky",
    "a boat on the sea at sunset",
    "a cat",
    "a red car",
    "a tree on green hills",
    "a blue square on a yellow background",
    "a yellow star on a dark blue background",
    "a red heart on a white background",
    "a city at night",
    "snowy mountains",
    "a rainbow over a meadow",
    "a red house under a starry sky",
    "a yellow moon above a blue house on a white background",
    "a red circle to the left of a blue square on a white background",
    "a green cactus in the desert",
    "a beach at sunset",
    "a white rocket on a black background",
    "a robot in a forest at night",
    "an orange cat on a blue background",
)


def run_tasks(model: OnnxModel, tasks: Sequence[Task], guidance: float) -> list[Marks]:
    """Returns the marks of generated pictures, 20 Euler steps at 128 x 128."""
    pictures = generate_all(model, [task.prompt for task in tasks], Sampling(guidance))
    return [mark(task, picture) for task, picture in zip(tasks, pictures, strict=True)]


def shares(marks: Sequence[Marks]) -> dict[str, Share]:
    """Returns the share of each mark."""
    return {name: share([row[name] for row in marks]) for name in marks[0]}


def choose_guidance(model: OnnxModel, count: int) -> tuple[float, dict[str, float]]:
    """Returns the scale with the most fully right pictures on prompts that are not reported, and all scores."""
    tasks = [*single_tasks(count, "train", _CHOICE_SEED), *pair_tasks(count, _CHOICE_SEED)]
    scores = {str(g): shares(run_tasks(model, tasks, g))["all"].value for g in GUIDANCES}
    return float(max(scores, key=lambda key: scores[key])), scores


def decoder_psnr(model: OnnxModel, count: int) -> dict[str, float]:
    """Returns mean and half the 95 % interval of the autoencoder's PSNR on held-out renders, in dB."""
    values = []
    for seed in range(_PICTURE_SEED, _PICTURE_SEED + count):
        picture = render_array(seed)
        error = model.decode(model.encode_pictures(picture[None]))[0].astype(np.float64) - picture
        values.append(10 * np.log10(255**2 / np.square(error).mean()))
    return {"mean": float(np.mean(values)), "reach": float(1.96 * np.std(values) / len(values) ** 0.5), "n": count}


def evaluate(folder: Path, count: int) -> dict[str, Any]:
    """Returns every figure of the report."""
    model = OnnxModel(folder, thread_count=2)
    began = time.time()
    guidance, scores = choose_guidance(model, count // 3)
    tasks = {
        "held-out colour and object": single_tasks(count, "heldout", _REPORT_SEED),
        "known colour and object": single_tasks(count, "train", _REPORT_SEED),
        "two objects and a relation": pair_tasks(count, _REPORT_SEED),
    }
    rows = {f"{name}, guidance {guidance:g}": shares(run_tasks(model, own, guidance)) for name, own in tasks.items()}
    rows |= {f"{name}, true renders": shares(ceiling(own)) for name, own in tasks.items()}
    return {
        "guidance": guidance,
        "guidance_choice": scores,
        "rows": {name: {part: asdict(value) for part, value in row.items()} for name, row in rows.items()},
        "decoder_psnr_db": decoder_psnr(model, count),
        "seconds": round(time.time() - began),
    }


def markdown(report: dict[str, Any]) -> str:
    """Returns the figures as a Markdown table."""
    lines = ["| prompts | n | object | colour | background | all three |", "|---|---|---|---|---|---|"]
    for name, row in report["rows"].items():
        cells = [str(Share(**row[part])) for part in ("object", "colour", "background", "all")]
        lines.append(f"| {name} | {row['all']['n']} | {' | '.join(cells)} |")
    psnr = report["decoder_psnr_db"]
    lines += ["", f"Autoencoder on held-out renders: {psnr['mean']:.1f} ± {psnr['reach']:.1f} dB (n = {psnr['n']})."]
    return "\n".join(lines) + "\n"


def show(folder: Path, path: Path, guidance: float) -> None:
    """Writes a contact sheet of what people type first."""
    pictures = generate_all(OnnxModel(folder), SHOWN, Sampling(guidance), first_seed=1)
    contact_sheet([Image.fromarray(picture) for picture in pictures], columns=10).save(path)


def main() -> None:
    """Evaluates a model folder and writes report.json, report.md and sheet.png."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("var/flatland-evaluation"))
    parser.add_argument("--count", type=int, default=240, help="prompts a row")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    report = evaluate(arguments.model, arguments.count)
    (arguments.out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (arguments.out / "report.md").write_text(markdown(report), encoding="utf-8")
    show(arguments.model, arguments.out / "sheet.png", report["guidance"])
    print(markdown(report))


if __name__ == "__main__":
    main()
