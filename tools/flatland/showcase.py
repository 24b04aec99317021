"""The prompts of the contact sheets, each drawn with the same seeds and none left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tools.flatland.dataset import Pictures
from tools.flatland.generate import OnnxModel, Sampling, generate
from tools.flatland.sheet import contact_sheet

SEEDS = (0, 1, 2, 3)
_COLUMNS = 8
# What a stranger tries first.
FIRST = (
    "a red house under a starry sky",
    "two sailing boats at sunset",
    "a black cat on a yellow background",
    "a house",
    "a cat",
    "a red car in the city at night",
    "a green tree on a hill",
    "a castle in the mountains",
    "a rocket in space",
    "a lighthouse by the sea at sunset",
    "a rainbow over a meadow",
    "a snowman in the snow",
    "a red heart on a white background",
    "a yellow star on a dark blue background",
    "a birthday cake",
    "a blue circle to the left of a red square",
)
# Sentences and combinations that the training set does not have.
UNSEEN = (
    "a purple castle under a rainbow",
    "three pink ghosts in a forest at night",
    "a teal dog in front of a yellow house",
    "a tiny penguin on a red background",
    "a black car and a white cat in the desert at dusk",
    "two orange fish on a gray background",
    "pixel art of a blue robot",
    "a line drawing of a rabbit",
    "a green moon above a pink boat",
    "an orange umbrella on the beach in the rain",
    "a gray cat between a red apple and a blue cup",
    "a white lighthouse on a black background",
)


def write_sheet(model: OnnxModel, prompts: Sequence[str], how: Sampling, path: Path) -> None:
    """Writes one sheet: a column for each prompt, a row for each seed, eight prompts side by side."""
    drawn = [generate(model, [prompt] * len(SEEDS), SEEDS, how) for prompt in prompts]
    rows = []
    for start in range(0, len(drawn), _COLUMNS):
        for seed in range(len(SEEDS)):
            rows += [pictures[seed] for pictures in _padded(drawn[start : start + _COLUMNS])]
    contact_sheet([Image.fromarray(picture) for picture in rows], columns=_COLUMNS).save(path, quality=90)


def _padded(columns: Sequence[Pictures]) -> list[Pictures]:
    return [*columns, *[np.full_like(columns[0], 255)] * (_COLUMNS - len(columns))]
