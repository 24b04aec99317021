"""Who may import whom: the contracts of pyproject.toml hold, each of them can fail, and importing stays light."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("latentwire", "inference_svc", "gateway_svc")
HEAVY = ("diffusers", "onnxruntime", "torch", "transformers")


FAULTS = {
    "inference_svc.to_gateway": "import gateway_svc",
    "gateway_svc.to_inference": "import inference_svc.work",
    "latentwire.to_inference": "import inference_svc",
    "inference_svc.sampling.up": "import inference_svc.engine",
    "inference_svc.engine.up": "import inference_svc.rpc",
    "inference_svc.pipelines.torch": "import torch",
    "inference_svc.rpc.onnx": "import onnxruntime",
    "inference_svc.sampling.grpc": "import grpc",
    "inference_svc.engine.messages": "from latentwire.v1 import types_pb2",
    "inference_svc.models.protobuf": "import google.protobuf.message",
    "gateway_svc.sdapi.call": "import grpc",
    "gateway_svc.web.messages": "from latentwire.v1 import types_pb2",
    "gateway_svc.transcoding.product": "from latentwire.errors import NotFound",
}


@pytest.fixture(scope="module")
def verdict_on_faults(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the code with every fault planted in it."""
    folder = tmp_path_factory.mktemp("walls")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for module, statement in FAULTS.items():
        (folder / module.replace(".", "/")).with_suffix(".py").write_text(f"{statement}\n")
    return lint_imports(folder).stdout


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sysconfig.get_path("scripts")) / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_wall_stands() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("module", FAULTS)
def test_an_import_through_a_wall_is_found(verdict_on_faults: str, module: str) -> None:
    assert f"{module} -> " in verdict_on_faults


def test_every_contract_can_break(verdict_on_faults: str) -> None:
    assert " 0 kept, " in verdict_on_faults


@pytest.mark.parametrize(
    "module",
    [
        "latentwire",
        "latentwire.cli",
        "gateway_svc",
        "gateway_svc.app",
        "inference_svc.fake.backend",
        "inference_svc.service",
    ],
)
def test_importing_brings_in_no_model_runtime(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "\n"
