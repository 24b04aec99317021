"""The model that the suites run on: the package's own, else an untrained one of the same architecture."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[1]
EMBEDDED = Path(str(resources.files("inference_svc.models").joinpath("flatland")))
UNTRAINED = _ROOT / "var" / "flatland-untrained"


def model_folder() -> Path:
    """The model's folder; an untrained one is made once and kept under var/."""
    for folder in (EMBEDDED, UNTRAINED):
        if (folder / "model_index.json").is_file():
            return folder
    _make_untrained()
    return UNTRAINED


def _make_untrained() -> None:
    """Moves the folder to its place when it is whole, so that a run that is broken off leaves none behind."""
    UNTRAINED.parent.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=UNTRAINED.parent) as folder:
        made = Path(folder) / UNTRAINED.name
        subprocess.run([sys.executable, "-m", "tools.flatland.untrained", "--out", made], cwd=_ROOT, check=True)
        shutil.rmtree(UNTRAINED, ignore_errors=True)
        made.rename(UNTRAINED)
