"""An answer of the fake where the real engine was asked for is red."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.guard.scratch import PACKAGES, copied, plant, run

SUITE = (
    "pyproject.toml",
    "tests/conftest.py",
    "tests/flatland.py",
    "tests/loopback.py",
    "tests/upscalers.py",
    "tests/contract",
)
ENGINES, SERVICE = "tests/contract/engines.py", "inference_svc/service.py"


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """The product and its contract suite, copied."""
    return copied(tmp_path, *PACKAGES, *SUITE)


def run_cases(folder: Path, file: str, pattern: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "pytest", "-q", "-x", f"tests/contract/{file}", "-k", pattern)


@pytest.mark.parametrize(
    ("stand_in", "words"),
    [
        ("fake(settings)", "{'fake'} answers where the real engine was asked for"),
        ("replace(fake(settings), engine_name='onnx')", "models of {'fake'} where the real engine was asked for"),
    ],
)
def test_a_contract_suite_that_runs_on_the_fake_alone_is_red(product: Path, stand_in: str, words: str) -> None:
    plant(
        product / ENGINES,
        "    runner = ModelRunner(upscalers)\n",
        f"    return {stand_in}\n    runner = ModelRunner(upscalers)\n",
    )
    plant(
        product / ENGINES, "from pathlib import Path\n", "from dataclasses import replace\nfrom pathlib import Path\n"
    )
    done = run_cases(product, "test_models.py", "as_it_is_listed and real")
    assert (done.returncode, words in done.stdout) == (1, True), done.stdout + done.stderr


def test_a_service_that_falls_back_to_the_fake_is_red(product: Path) -> None:
    old = 'if settings.engine == "fake":'
    plant(product / SERVICE, old, 'if settings.engine == "fake" or settings.model.endswith("nowhere"):')
    done = run_cases(product, "test_never_the_fake.py", "not_there and onnx")
    assert (done.returncode, "inference: ready on" in done.stdout) == (1, True)
