"""A small checkout and the evidence of a run on it in which nothing is missing, for a fault to be planted in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.audit.checkout import Surroundings, object_id
from tools.audit.determinism import PROBE
from tools.audit.execution import STEPS
from tools.audit.facts import Facts
from tools.guard import table

REVISION = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "ab" * 32
BEGIN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
EVERY, LASTS, WRITES = timedelta(seconds=10), timedelta(seconds=8), timedelta(seconds=5)
PICTURE = {"width": 96, "height": 64, "sha256": SHA256}
HASHED = "{0} \\\n    --hash=sha256:" + SHA256 + "\n"

CHECKOUT = {
    ".python-version": "3.11\n",
    ".github/workflows/ci.yml": f"jobs:\n  run:\n    steps:\n      - uses: actions/checkout@{REVISION} # v4\n",
    "requirements.txt": HASHED.format("numpy==2.2.0"),
    "requirements-dev.txt": HASHED.format("numpy==2.2.0") + HASHED.format("colorama==1.0 ; sys_platform == 'win32'"),
    "requirements-oracles.txt": HASHED.format("k-diffusion==0.1.1"),
    "requirements-uv.txt": HASHED.format("uv==0.9.0"),
    "tools/guard/floor.toml": '[at_least]\n"tests.count" = 5\n"coverage.report.fail_under" = 90\n',
    "inference_svc/models/flatland/model_index.json": "{}",
    "inference_svc/models/flatland/unet/model.onnx": "weights",
    "inference_svc/engine.py": "x = 1\n",
    "gateway_svc/app.py": "x = 1\n",
    "gateway_svc/v1/generated.py": "x = 1\n",
    "tests/unit/test_sum.py": f"def test_sum(): ...\ndef {PROBE}(): ...\n@pytest.mark.slow\ndef test_slow(): ...\n",
    "tests/contract/test_call.py": "class TestCall:\n    async def test_answer(self): ...\n",
    "tests/guard/test_pins.py": "def test_pins(): ...\n",
    "tests/e2e/test_pair.py": "def test_boot(): ...\n",
    "pyproject.toml": """\
[project]
classifiers = ["Programming Language :: Python :: 3.11", "Programming Language :: Python :: 3.12"]
[tool.pytest.ini_options]
addopts = ["--strict-markers", "--allow-hosts=127.0.0.1,::1,localhost"]
markers = ["unit: pure", "slow: takes long", "gpu: needs a CUDA device (set from the path)"]
[tool.coverage.run]
branch = true
source = ["inference_svc", "gateway_svc"]
omit = ["gateway_svc/v1/*"]
[tool.coverage.report]
fail_under = 90
""",
}
_UNIT = [("tests.unit.test_sum", "test_sum"), ("tests.unit.test_sum", PROBE)]
_CONTRACT = [("tests.contract.test_call.TestCall", f"test_answer[{engine}]") for engine in ("fake", "real")]
_E2E = [("tests.e2e.test_pair", f"test_boot[{engine}]") for engine in ("fake", "onnx")]
_LINES = {"covered_lines": 9, "num_statements": 10, "covered_branches": 19, "num_branches": 20}


def junit(cases: list[tuple[str, str]]) -> str:
    """A JUnit file of tests that passed."""
    listed = "".join(f'<testcase classname="{place}" name="{name}" time="0.1" />' for place, name in cases)
    counts = f'errors="0" failures="0" skipped="0" tests="{len(cases)}"'
    return f'<?xml version="1.0"?><testsuites><testsuite name="pytest" {counts}>{listed}</testsuite></testsuites>'


def log(seed: int, passed: int) -> str:
    """What pytest prints, in colour."""
    return f"Using --randomly-seed={seed}\n....\n\x1b[32m=== \x1b[1m{passed} passed\x1b[0m, 1 deselected in 2.50s ===\n"


def evidence() -> dict[str, tuple[str, Any]]:
    """Each file with the step that writes it; JSON as a tree."""
    everything = [*_UNIT, *_CONTRACT, ("tests.guard.test_pins", "test_pins")]
    events = ("started", "port open", "ready", "picture", "stopped")
    pictures = {"fake: a circle": SHA256, "onnx: a circle": SHA256}
    return {
        "test.xml": ("test", junit(everything)),
        "test.log": ("test", log(2, len(everything))),
        "test-again.xml": ("test-again", junit([*_CONTRACT, *_UNIT])),
        "test-again.log": ("test-again", log(3, 4)),
        "e2e.xml": ("e2e", junit(_E2E)),
        "e2e.log": ("e2e", log(5, len(_E2E))),
        "smoke.json": (
            "smoke",
            {
                "port": 7860,
                "engine": "fake",
                "events": [{"at_s": 0.5 * number, "what": what} for number, what in enumerate(events)],
                "exit_status": 0,
                "picture": PICTURE,
                "error": "",
            },
        ),
        "determinism.json": (
            "determinism",
            {
                "processes": [{"hash_seed": seed, "order_seed": seed, "pictures": pictures} for seed in (0, 1)],
                "identical": True,
                "differing": [],
            },
        ),
        "wheel.json": (
            "wheel",
            {
                "wheel": "latentwire-0.1.0-py3-none-any.whl",
                "sha256": SHA256,
                "files": 3,
                "python": "3.11.7",
                "engine": "onnx",
                "picture": PICTURE,
                "ready_s": 2.5,
            },
        ),
        "guard.json": ("guard", {"checks": [{"name": name, "findings": 0} for name in table.EVERY]}),
        "coverage.json": (
            "coverage",
            {
                "meta": {"branch_coverage": True},
                "files": {name: {"summary": _LINES} for name in ("inference_svc/engine.py", "gateway_svc/app.py")},
                "totals": {**{name: 2 * count for name, count in _LINES.items()}, "percent_covered": 93.3333},
            },
        ),
    }


def began(step: str) -> datetime:
    """When a step of the run began."""
    return BEGIN + STEPS.index(step) * EVERY


def steps() -> list[dict[str, Any]]:
    """The lines of steps.jsonl."""
    about = {"seconds": LASTS.total_seconds(), "status": 0, "revision": REVISION, "dirty": False}
    return [{"step": name, "started": began(name).isoformat(), **about} for name in STEPS]


def write(path: Path, text: str, at: datetime = BEGIN) -> None:
    """Writes a file as if at that time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at.timestamp(), at.timestamp()))


def complete(folder: Path) -> Facts:
    """The facts of a run that misses nothing."""
    for name, text in CHECKOUT.items():
        write(folder / name, text)
    for name, (step, content) in evidence().items():
        text = content if isinstance(content, str) else json.dumps(content)
        write(folder / "out" / name, text, began(step) + WRITES)
    write(folder / "out/steps.jsonl", "".join(f"{json.dumps(step)}\n" for step in steps()))
    return Facts(folder, folder / "out", surroundings())


def surroundings() -> Surroundings:
    """The checkout as committed, the environment as locked."""
    return Surroundings(
        revision=REVISION,
        dirty=False,
        committed={name: object_id(text.encode(), REVISION) for name, text in CHECKOUT.items()},
        python="3.11.7",
        installed={"numpy": "2.2.0", "k-diffusion": "0.1.1", "uv": "0.9.0", "torch": "2.13.0", "pip": "25.0"},
        hosted=False,
    )


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Changes the text of a file, but not its time; a change that changes nothing is an error of the test."""
    before, text = path.stat().st_mtime, path.read_text()
    assert change(text) != text
    path.write_text(change(text))
    os.utime(path, (before, before))
