"""Contact sheets: many small pictures on one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tools.flatland.captions import captions
from tools.flatland.draw_scene import Mix, sample_scene
from tools.flatland.render import render


def contact_sheet(pictures: Sequence[Image.Image], columns: int, *, gap_px: int = 4) -> Image.Image:
    """Returns the pictures row by row; all have the size of the first."""
    width, height = pictures[0].width + gap_px, pictures[0].height + gap_px
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width + gap_px, rows * height + gap_px), (90, 90, 96))
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (gap_px + i % columns * width, gap_px + i // columns * height))
    return sheet


def main() -> None:
    """Draws the first scenes of the data set on a sheet and prints their captions."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    scenes = [sample_scene(arguments.seed + i, Mix()) for i in range(arguments.count)]
    contact_sheet([render(scene) for scene in scenes], columns=10).save(arguments.out)
    for i, scene in enumerate(scenes):
        print(i, captions(scene, arguments.seed + i)[0])


if __name__ == "__main__":
    main()
