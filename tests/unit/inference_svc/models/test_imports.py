"""What importing the package brings with it."""

from __future__ import annotations

import subprocess
import sys


def test_importing_models_imports_no_runtime() -> None:
    check = (
        "import sys, inference_svc.models; "
        "print([name for name in ('diffusers', 'onnxruntime', 'torch', 'transformers') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"
