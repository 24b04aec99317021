"""The determinism check turns red on what makes pictures depend on the process, the order or the company."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.guard.scratch import PACKAGES, copied, plant, run

EULER = "inference_svc/sampling/euler.py"
NOISE = "inference_svc/sampling/noise.py"
NETWORKS = "inference_svc/models/evaluate.py"
SERVICE = "tools/determinism/service.py"
_IS = '__import__("os").environ["FAULT"] == '
FAULTS = (
    (
        EULER,
        "x, sigma = churned(plan, state)",
        f"x, sigma = churned(plan, state)\n    x = x + ({_IS}'hash' and hash('x') % 97 / 97)",
    ),
    (NOISE, "_ALIGNED = 0.9995\n", "_ALIGNED = 0.9995\n_DRAWN: list[int] = []\n"),
    (
        NOISE,
        "    if index == 0:\n",
        f"    _DRAWN.append(index)\n    index += {_IS}'memory' and len(_DRAWN)\n    if index == 0:\n",
    ),
    (
        NETWORKS,
        "output = self.networks.predict(",
        f"x = x * np.float32(1 + ({_IS}'company' and len(rows) / 100))\n        output = self.networks.predict(",
    ),
    (SERVICE, 'if engine == "fake":', f'if engine == "fake" or {_IS}"stand-in":'),
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product and the check, copied once, with faults that `FAULT` in the environment turns on one at a time."""
    folder = copied(tmp_path_factory.mktemp("product"), *PACKAGES, "tools/__init__.py", "tools/determinism")
    for name, old, new in FAULTS:
        plant(folder / name, old, new)
    return folder


def differing(folder: Path, fault: str, engine: str, only: str) -> tuple[int, list[str]]:
    """The exit status of the check, and the cases that it names in what it says and in what it writes."""
    out = folder / "determinism.json"
    done = run(folder, "tools.determinism", f"--out={out}", f"--only={only}", "--engines", engine, FAULT=fault)
    named: list[str] = json.loads(out.read_text())["differing"]
    assert all(name in done.stderr for name in named)
    return done.returncode, named


@pytest.mark.parametrize(
    ("fault", "engine", "only", "expected"),
    [
        ("hash", "fake", "^(sampler (Euler|Heun)|REST seed 0)$", (1, ["fake: sampler Euler"])),
        ("company", "onnx", "^sampler (Euler|Heun)$", (1, ["onnx: sampler Euler", "onnx: sampler Heun"])),
    ],
    ids=[
        "noise from a hash of text",
        "the size of the batch",
    ],
)
def test_what_pictures_must_not_depend_on_is_found_where_it_is(
    product: Path, fault: str, engine: str, only: str, expected: tuple[int, list[str]]
) -> None:
    assert differing(product, fault, engine, only) == expected


def test_noise_that_goes_on_where_the_last_picture_ended_is_found(product: Path) -> None:
    # Which of them differ hangs on who comes first; that so many come in one order twice is out of reach.
    status, named = differing(product, "memory", "fake", "^sampler (Euler|Heun|LMS|DDIM|DPM2|DPM fast|PLMS|LCM)$")
    assert (status, named == []) == (1, False)


def test_an_answer_of_the_fake_where_the_real_engine_was_asked_is_an_error(product: Path) -> None:
    flags = ("--order-seed=1", "--only=one step", "--engines", "onnx")
    done = run(product, "tools.determinism.suite", *flags, FAULT="stand-in")
    assert done.returncode != 0
    assert "WrongEngine: asked 'onnx', was answered by 'fake'" in done.stderr
