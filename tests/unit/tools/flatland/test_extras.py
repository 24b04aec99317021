from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tools.flatland.captioner import Captioner
from tools.flatland.extras import SIZE_LIMIT_BYTES, export_captioner, export_upscaler
from tools.flatland.tokenizer import vocabulary
from tools.flatland.upscaler import Upscaler


@pytest.mark.parametrize("scale", [2, 4])
def test_an_upscaler_is_the_same_in_torch_and_onnx_runtime(scale: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Upscaler(scale).half().float().eval()
    path = export_upscaler(model, tmp_path)
    image = np.random.default_rng(0).random((1, 3, 11, 6), np.float32)
    actual = onnxruntime.InferenceSession(path).run(["upscaled"], {"image": image})[0]
    with torch.no_grad():
        np.testing.assert_allclose(actual, model(torch.from_numpy(image)).numpy(), atol=1e-5)
    assert path.parent.name == f"upscaler_{scale}x"
    assert path.stat().st_size < SIZE_LIMIT_BYTES


def test_the_captioner_is_the_same_in_torch_and_onnx_runtime_at_every_length(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Captioner(len(vocabulary()[0])).half().float().eval()
    path = export_captioner(model, tmp_path)
    session = onnxruntime.InferenceSession(path)
    image = np.random.default_rng(0).random((2, 3, 128, 128), np.float32)
    for length in (1, 2, 7, 32):
        tokens = np.arange(2 * length).reshape(2, length) % 50
        actual = session.run(["scores"], {"image": image, "tokens": tokens})[0]
        with torch.no_grad():
            expected = model(torch.from_numpy(image), torch.from_numpy(tokens)).numpy()
        np.testing.assert_allclose(actual, expected, atol=1e-3)
    assert path.stat().st_size < SIZE_LIMIT_BYTES
