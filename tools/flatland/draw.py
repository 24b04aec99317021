"""One picture from nothing: `python -m tools.flatland.draw "a red house" --out house.png`."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from tools.flatland import SHIPPED
from tools.flatland.generate import OnnxModel, Sampling, generate


def main() -> None:
    """Draws a prompt through ONNX Runtime alone."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("prompt")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=128, help="pixels")
    arguments = parser.parse_args()
    how = Sampling(width_px=arguments.side, height_px=arguments.side)
    model = OnnxModel(arguments.model, thread_count=2)
    for part in ("text_encoder", "unet", "vae_decoder"):
        model.load(part)
    Image.preinit()  # meanwhile
    Image.fromarray(generate(model, [arguments.prompt], [arguments.seed], how)[0]).save(arguments.out)


if __name__ == "__main__":
    main()
