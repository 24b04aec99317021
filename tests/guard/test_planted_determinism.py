"""The determinism check turns red on what makes pictures depend on the process, the order or the company."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.guard.scratch import PACKAGES, copied, plant, run

EULER = "inference_svc/sampling/euler.py"
NOISE = "inference_svc/sampling/noise.py"
NETWORKS = "inference_svc/models/evaluate.py"


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """The product and the check, copied."""
    return copied(tmp_path, *PACKAGES, "tools/__init__.py", "tools/determinism")


def differing(folder: Path, engine: str, only: str) -> tuple[int, list[str]]:
    """The exit status of the check, and the cases that it names in what it says and in what it writes."""
    out = folder / "determinism.json"
    done = run(folder, "tools.determinism", f"--out={out}", f"--only={only}", "--engines", engine)
    named: list[str] = json.loads(out.read_text())["differing"]
    assert all(name in done.stderr for name in named)
    return done.returncode, named


def test_without_a_fault_nothing_differs(product: Path) -> None:
    assert differing(product, "fake", "^(sampler Euler|REST seed 0)$") == (0, [])


def test_noise_from_a_hash_of_text_is_found_in_the_sampler_that_has_it(product: Path) -> None:
    plant(
        product / EULER,
        "x, sigma = churned(plan, state)",
        "x, sigma = churned(plan, state)\n    x = x + hash('x') % 97 / 97",
    )
    assert differing(product, "fake", "^sampler (Euler|Heun)$") == (1, ["fake: sampler Euler"])


def test_noise_that_goes_on_where_the_last_picture_ended_is_found(product: Path) -> None:
    plant(
        product / NOISE,
        "    if index == 0:\n",
        "    _DRAWN.append(index)\n    index += len(_DRAWN)\n    if index == 0:\n",
    )
    plant(product / NOISE, "_ALIGNED = 0.9995\n", "_ALIGNED = 0.9995\n_DRAWN: list[int] = []\n")
    status, named = differing(product, "fake", "^sampler (Euler|Heun)$|^REST txt2img$")
    assert status == 1
    assert named != []


def test_a_picture_that_depends_on_the_size_of_its_batch_is_found_in_the_real_engine(product: Path) -> None:
    old = "output = self.networks.predict("
    plant(product / NETWORKS, old, f"x = x * np.float32(1 + len(rows) / 100)\n        {old}")
    named = ["onnx: sampler Euler", "onnx: sampler Heun"]
    assert differing(product, "onnx", "^sampler (Euler|Heun)$") == (1, named)


def test_an_answer_of_the_fake_where_the_real_engine_was_asked_is_an_error(product: Path) -> None:
    plant(product / "tools/determinism/service.py", 'if engine == "fake":', "if engine:")
    done = run(product, "tools.determinism", f"--out={product / 'out.json'}", "--only=one step", "--engines", "onnx")
    assert done.returncode != 0
    assert "WrongEngine: asked 'onnx', was answered by 'fake'" in done.stderr
