"""Installs a wheel into an environment of its own and runs it from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.http_call import Picture, txt2img
from tools.server import Server, Unmet, free_ports, started
from tools.wheel.building import BadPackage

ENGINE = "onnx"
READY_WITHIN_S = 120.0
_LEFT_OUT = ("PYTHON", "VIRTUAL_ENV", "COVERAGE", "LATENTWIRE")


@dataclass(frozen=True, slots=True)
class Trial:
    """A run of the installed package: its first picture, and how long it took to be ready."""

    picture: Picture
    ready_s: float


def install(wheel: Path, lock: Path, into: Path) -> None:
    """A fresh environment with what the lock names and the wheel. BadPackage: something does not install or fit."""
    python = into / "bin" / "python"
    _do(sys.executable, "-m", "venv", "--without-pip", str(into))
    uv = str(Path(sys.executable).with_name("uv"))
    _do(uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(lock))
    _do(uv, "pip", "install", "--quiet", "--python", str(python), "--no-deps", "--no-index", str(wheel))
    _do(uv, "pip", "check", "--quiet", "--python", str(python))


def run(environment: Path, folder: Path, log: Path) -> Trial:
    """`latentwire serve` with the embedded model, a picture, SIGTERM. Unmet: any of it goes otherwise."""
    port, inference_port = free_ports(2)
    flags = [f"--port={port}", f"--inference-port={inference_port}", f"--data-dir={folder / 'data'}"]
    command = [str(environment / "bin" / "latentwire"), "serve", *flags]
    empty = folder / "empty"
    empty.mkdir()
    with started(command, port, log=log, cwd=empty, environment=clean(dict(os.environ))) as server:
        trial = _try(server)
        if status := server.stop():
            raise server.unmet(f"ended with exit status {status} after SIGTERM")
    return trial


def clean(environment: dict[str, str]) -> dict[str, str]:
    """Without what would lead an installed package back to this checkout, or change its settings."""
    return {name: value for name, value in environment.items() if not name.startswith(_LEFT_OUT)}


def _try(server: Server) -> Trial:
    server.until_port_open(READY_WITHIN_S)
    server.until_ready(READY_WITHIN_S)
    picture = txt2img(server.port, 128, 128)
    server.note("picture")
    if picture.engine != ENGINE:
        raise Unmet(f"The embedded model was to answer through {ENGINE!r}, the answer is of {picture.engine!r}.")
    return Trial(picture, next(event.at_s for event in server.events if event.what == "ready"))


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadPackage(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
