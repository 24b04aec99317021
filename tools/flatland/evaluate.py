"""Scores a model folder: `python -m tools.flatland.evaluate --model FOLDER`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from tools.flatland.dataset import render_array
from tools.flatland.draw_scene import Mix, only
from tools.flatland.generate import OnnxModel, Sampling, generate_all
from tools.flatland.habits import OBJECT_WEIGHTS
from tools.flatland.interval import Share, share
from tools.flatland.marks import Marks, mark
from tools.flatland.scene import Split
from tools.flatland.showcase import FIRST, UNSEEN, write_sheet
from tools.flatland.tasks import Task, ceiling, tasks_of

# No seed below is one of the training set's; guidance is chosen on its own tasks.
_CHOICE_SEED, _REPORT_SEED, _PICTURE_SEED = 910_000_000, 920_000_000, 930_000_000
GUIDANCES = (3.0, 4.0, 5.0, 6.0, 7.0)
COLUMNS = ("object", "colour", "background", "relation", "count", "all")
KINDS: tuple[tuple[str, str, Split], ...] = (
    ("held-out colour and object", "single", "heldout"),
    ("known colour and object", "single", "train"),
    ("two objects and a relation", "pair", "train"),
    ("two or three of one kind", "group", "train"),
    ("three in a row", "row", "train"),
)
# What else is tried on the first and third kind.
VARIANTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("guidance 3", {"guidance": 3.0}),
    ("guidance 7", {"guidance": 7.0}),
    ("8 steps", {"steps": 8}),
    ("20 steps", {}),
    ("40 steps", {"steps": 40}),
    ("256 x 256", {"width_px": 256, "height_px": 256}),
    ("512 x 512", {"width_px": 512, "height_px": 512}),
    ("192 x 128", {"width_px": 192}),
    ("128 x 192", {"height_px": 192}),
    # What A1111's clients send unless told otherwise.
    ("512 x 512, guidance 7", {"width_px": 512, "height_px": 512, "guidance": 7.0}),
)
Row = dict[str, Share]


def run_tasks(model: OnnxModel, tasks: Sequence[Task], how: Sampling) -> list[Marks]:
    """Returns the marks of generated pictures."""
    pictures = generate_all(model, [task.prompt for task in tasks], how, batch=8 if how.width_px <= 256 else 1)
    return [mark(task.scene, picture) for task, picture in zip(tasks, pictures, strict=True)]


def shares(marks: Sequence[Marks]) -> Row:
    """Returns the share of each mark."""
    return {name: share([row[name] for row in marks]) for name in marks[0]}


class Evaluation:
    """One model, the objects that it is asked for, and how many prompts stand in a row."""

    def __init__(
        self, model: OnnxModel, count: int, object_count: int | None = None, kinds: Sequence[str] = ()
    ) -> None:
        self._model, self._count = model, count
        self._kinds = [entry for entry in KINDS if not kinds or entry[1] in kinds]
        self._objects = dict(list(OBJECT_WEIGHTS.items())[:object_count])

    def tasks(self, kind: str, split: Split, count: int, seed: int = _REPORT_SEED) -> list[Task]:
        """Returns the tasks of a row."""
        mix: Mix = replace(only(kind, split), objects=self._objects)
        return tasks_of(kind, count, seed, mix=mix)

    def choose_guidance(self) -> tuple[float, dict[str, float]]:
        """Returns the scale with the most fully right pictures on prompts that are not reported, and all scores."""
        count = self._count // 4
        tasks = [task for kind in ("single", "pair") for task in self.tasks(kind, "train", count, _CHOICE_SEED)]
        scores = {str(g): shares(run_tasks(self._model, tasks, Sampling(g)))["all"].value for g in GUIDANCES}
        return float(max(scores, key=lambda key: scores[key])), scores

    def kinds(self, guidance: float) -> Iterator[tuple[str, Row]]:
        """Gives a row for each kind of scenes at the default settings, and the judge's ceiling for it."""
        for name, kind, split in self._kinds:
            tasks = self.tasks(kind, split, self._count)
            yield name, shares(run_tasks(self._model, tasks, Sampling(guidance)))
            yield f"{name}, true renders", shares(ceiling(tasks))

    def variants(self, guidance: float) -> Iterator[tuple[str, Row]]:
        """Gives the rows of other settings, each half single objects and half pairs."""
        half = self._count // 2
        tasks = [*self.tasks("single", "heldout", half), *self.tasks("pair", "train", half)]
        for name, changes in VARIANTS:
            how = replace(Sampling(guidance), **changes)
            yield f"half held-out, half two objects, {name}", _merged(run_tasks(self._model, tasks, how))

    def decoder_psnr(self) -> dict[str, float]:
        """Returns mean and half the 95 % interval of the autoencoder's PSNR on held-out renders, in dB."""
        values = []
        for seed in range(_PICTURE_SEED, _PICTURE_SEED + self._count):
            picture = render_array(seed)
            decoded = self._model.decode(self._model.encode_pictures(picture[None]))[0]
            values.append(10 * np.log10(255**2 / np.square(decoded.astype(np.float64) - picture).mean()))
        reach = 1.96 * np.std(values) / len(values) ** 0.5
        return {"mean": float(np.mean(values)), "reach": float(reach), "n": self._count}


def _merged(marks: Sequence[Marks]) -> Row:
    return {name: share([row[name] for row in marks]) for name in ("object", "colour", "background", "all")}


def evaluate(evaluation: Evaluation, guidance: float | None, *, variants: bool) -> Iterator[dict[str, Any]]:
    """Gives the report, time and again: whole in the end, and with what is known so far before."""
    began = time.time()
    chosen, scores = evaluation.choose_guidance() if guidance is None else (guidance, {})
    report: dict[str, Any] = {"guidance": chosen, "guidance_choice": scores, "rows": {}}
    report["decoder_psnr_db"] = evaluation.decoder_psnr()
    for name, row in chain(evaluation.kinds(chosen), evaluation.variants(chosen) if variants else ()):
        report["rows"][name] = {part: asdict(value) for part, value in row.items()}
        yield report | {"seconds": round(time.time() - began)}


def write_report(report: Mapping[str, Any], folder: Path) -> None:
    """Writes report.json and report.md."""
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(markdown(report), encoding="utf-8")


def markdown(report: Mapping[str, Any]) -> str:
    """Returns the figures as a Markdown table."""
    lines = [f"| prompts | n | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, row in report["rows"].items():
        cells = [str(Share(**row[part])) if part in row else "" for part in COLUMNS]
        lines.append(f"| {name} | {row['all']['n']} | {' | '.join(cells)} |")
    psnr = report["decoder_psnr_db"]
    lines += ["", f"Autoencoder on held-out renders: {psnr['mean']:.1f} ± {psnr['reach']:.1f} dB (n = {psnr['n']})."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Evaluates a model folder and writes report.json, report.md and the contact sheets."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("var/flatland-evaluation"))
    parser.add_argument("--count", type=int, default=300, help="prompts a row")
    parser.add_argument("--guidance", type=float, help="instead of choosing one")
    parser.add_argument("--first-objects", type=int, help="ask only for these many, to compare with an older model")
    parser.add_argument("--kinds", nargs="*", default=(), choices=[kind for _, kind, _ in KINDS], help="only these")
    parser.add_argument("--no-variants", action="store_true", help="leave out other steps and sizes")
    parser.add_argument("--sheets-only", action="store_true", help="no figures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = OnnxModel(arguments.model)
    how = Sampling(arguments.guidance or Sampling().guidance)
    if not arguments.sheets_only:
        evaluation = Evaluation(model, arguments.count, arguments.first_objects, arguments.kinds)
        for report in evaluate(evaluation, arguments.guidance, variants=not arguments.no_variants):
            write_report(report, arguments.out)
            print(markdown(report).splitlines()[-3], flush=True)
            how = Sampling(report["guidance"])
    write_sheet(model, FIRST, how, arguments.out / "sheet.webp")
    write_sheet(model, UNSEEN, how, arguments.out / "sheet-unseen.webp")


if __name__ == "__main__":
    main()
