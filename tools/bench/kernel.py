"""Time of one UNet evaluation by rows, in this process, beside ONNX Runtime's own batching limits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference_svc.models import LoadedModel, Loader, choose_device
from inference_svc.work import DenoiseRow, Kind
from tools.bench.statistics import median
from tools.bench.table import table

ROWS = (1, 2, 4, 8, 16)
SIZES = (128, 256, 512)


def evaluations(folder: Path, repeats: int) -> str:
    """Milliseconds of an evaluation and rows per second at 1 to 16 rows; medians, sizes and rows by turns."""
    model = Loader(choose_device("cpu")).load("bench", folder)
    rows = [_line(model, size, repeats) for size in SIZES]
    head = ("size", *(f"{count} rows: ms (rows/s)" for count in ROWS), "16 rows over 1")
    return table(head, rows)


def _line(model: LoadedModel, size: int, repeats: int) -> Sequence[str]:
    times: dict[int, list[float]] = {count: [] for count in ROWS}
    for _ in range(max(3, repeats * 128**2 // size**2)):
        for count in ROWS:
            times[count].append(_time(model, size, count))
    middle = {count: median(values) for count, values in times.items()}
    cells = (f"{seconds * 1000:.1f} ({count / seconds:.0f})" for count, seconds in middle.items())
    return (f"{size}×{size}", *cells, f"{16 / middle[16] * middle[1]:.2f}×")


def _time(model: LoadedModel, size: int, count: int) -> float:
    facts, draw = model.facts, np.random.default_rng(count)
    side = size // facts.latent_scale
    context = draw.standard_normal((1, 77, facts.context_width), dtype=np.float32)
    shape = (1, facts.latent_channels, side, side)
    rows = [
        DenoiseRow("bench", draw.standard_normal(shape, dtype=np.float32), 1.0 + index, context)
        for index in range(count)
    ]
    began = time.perf_counter()
    model.evaluator.run(Kind.DENOISE, rows)
    return time.perf_counter() - began
