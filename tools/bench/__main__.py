"""Measures, and writes the tables of docs/benchmarks.md.

python -m tools.bench --model DIR --out out/benchmarks.md
python -m tools.bench --only kernel,cold
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable
from pathlib import Path

import tools.bench.service as service
from tools.bench.cold import cold_start
from tools.bench.denoising import denoising
from tools.bench.kernel import evaluations
from tools.bench.polling import polling
from tools.bench.transcoding import transcoding
from tools.flatland import SHIPPED
from tools.machine import machine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a model's folder")
    parser.add_argument("--only", default="", help="sections, separated by commas")
    parser.add_argument("--jobs", type=int, default=48, help="jobs of a throughput run")
    parser.add_argument("--seconds", type=float, default=20, help="length of a fairness run")
    parser.add_argument("--out", type=Path, help="the Markdown file to write; the terminal without it")
    options = parser.parse_args()
    sections = _sections(options)
    wanted = set(options.only.split(",")) - {""}
    if unknown := sorted(wanted - sections.keys()):
        parser.error(f"--only: {', '.join(unknown)}: expected some of {', '.join(sections)}")
    parts = [_head(options.model)]
    for title, (explanation, measure) in sections.items():
        if not wanted or title in wanted:
            parts.append(f"## {title.capitalize()}\n\n{explanation}\n\n{measure()}")
            print(parts[-1], flush=True)
    if options.out:
        options.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return 0


def _sections(options: argparse.Namespace) -> dict[str, tuple[str, Callable[[], str]]]:
    model = ("--model", str(options.model))
    return {
        "kernel": (_text(evaluations), lambda: evaluations(options.model, 15)),
        "throughput": (_text(service.throughput), lambda: service.throughput(model, options.jobs)),
        "overhead": (_text(service.overhead), lambda: service.overhead(model, 12)),
        "cold": (_text(cold_start), lambda: cold_start(model, 5)),
        "fairness": (_text(service.fairness), lambda: service.fairness(model, options.seconds)),
        "polling": (_text(polling), lambda: polling(model, options.jobs)),
        "denoising": (_text(denoising), lambda: denoising(2000)),
        "transcoding": (_text(transcoding), lambda: transcoding(model, 20)),
        "defaults": (_text(service.defaults), lambda: service.defaults(model)),
    }


def _text(function: Callable[..., str]) -> str:
    return (function.__doc__ or "").strip()


def _head(model: Path) -> str:
    when = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"# Benchmarks\n\nMeasured {when} on {machine()}; model `{model.name}`; command `make bench`."


if __name__ == "__main__":
    raise SystemExit(main())
