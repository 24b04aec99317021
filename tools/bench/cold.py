"""Cold start: from nothing running to a picture on disk."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import httpx

from tools.bench.clients import rest_body
from tools.bench.jobs import Job
from tools.bench.processes import process, wait_for_url
from tools.bench.statistics import median
from tools.bench.table import table
from tools.server import free_ports


def cold_start(model: Sequence[str], repeats: int) -> str:
    """Seconds from `latentwire serve` to ready, and to a first 20-step 128×128 picture; medians."""
    runs = [_one(model) for _ in range(repeats)]
    ready, picture = (median([run[column] for run in runs]) for column in (0, 1))
    rows = [("ready", f"{ready:.2f}"), ("first picture", f"{picture:.2f}"), ("Python alone", f"{_python():.2f}")]
    return table(("from the command to", "s"), rows)


def _one(model: Sequence[str]) -> tuple[float, float]:
    port, inference_port = free_ports(2)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as data_dir:
        flags = ["--port", str(port), "--inference-port", str(inference_port), "--data-dir", data_dir, *model]
        with process(["latentwire", "serve", *flags]) as child:
            url = f"http://127.0.0.1:{port}"
            wait_for_url(url + "/readyz", child)
            ready = time.monotonic() - started
            body = rest_body(Job(0, 128, 128, 20, "Euler"))
            answer = httpx.post(url + "/sdapi/v1/txt2img", json=body, timeout=60, trust_env=False)
            base64.b64decode(answer.raise_for_status().json()["images"][0])
            return ready, time.monotonic() - started


def _python() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - started
