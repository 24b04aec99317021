"""Where the real engine can't start the service ends with a sentence; it never answers with the fake instead."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

_NO_RUNTIME = 'raise ImportError("No module named \'{name}\'", name="{name}")\n'
_PATIENCE_S = 50


async def refused(*flags: str, packages: Path | None = None) -> str:
    """What the service says as it refuses to start, which must be one sentence. `packages`: found before others."""
    before = {"PYTHONPATH": str(packages)} if packages else {}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inference_svc", "--port=0", "--log-level=error", *flags,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **before},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        printed = await asyncio.wait_for(process.stdout.readline(), _PATIENCE_S)  # the ready line, or the end
        assert printed == b"", printed
        told = await process.stderr.read()
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, told.count(b"\n")) == (2, 1), told
    return told.decode()


@pytest.fixture
def model(flatland_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model for a test to break, of which torch could load nothing."""
    leave_out = shutil.ignore_patterns("diffusion_pytorch_model.safetensors")
    return Path(shutil.copytree(flatland_folder, tmp_path / "model", ignore=leave_out))


@pytest.mark.parametrize("engine", ["onnx", "torch"])
async def test_a_model_that_is_not_there_is_a_sentence(engine: str, tmp_path: Path) -> None:
    told = await refused(f"--engine={engine}", f"--model={tmp_path / 'nowhere'}")
    assert told == f"inference: there is no model folder at {tmp_path / 'nowhere'}\n"


async def test_a_graph_that_is_missing_is_a_sentence(model: Path) -> None:
    (model / "unet" / "model.onnx").unlink()
    assert str(model) in await refused(f"--model={model}")


async def test_a_graph_that_is_cut_short_is_a_sentence(model: Path) -> None:
    graph = model / "unet" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:20_000])
    assert (await refused(f"--model={model}")).startswith(f"inference: {graph} can't be loaded: ")


async def test_a_runtime_that_is_not_installed_is_a_sentence(tmp_path: Path) -> None:
    for name in ("onnxruntime", "torch"):
        (tmp_path / f"{name}.py").write_text(_NO_RUNTIME.format(name=name))
    assert await refused(packages=tmp_path) == "inference: no runtime is installed: run `make install`\n"
