from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tools.flatland.evaluate import KINDS, Evaluation, markdown, shares
from tools.flatland.generate import Array, OnnxModel
from tools.flatland.interval import share
from tools.flatland.scene import is_held_out, things_of


class Nothing(OnnxModel):
    """Draws a gray picture whatever it is asked for, and decodes every picture one level too bright."""

    def __init__(self) -> None:
        pass

    def encode_prompts(self, prompts: Any) -> Array:
        return np.zeros((len(prompts), 77, 96), np.float32)

    def denoise(self, x: Array, sigma: float, timestep: float, context: Array) -> Array:
        return np.zeros_like(x)

    def encode_pictures(self, pictures: Any) -> Array:
        self.seen = pictures
        return np.ones((1, 4, 16, 16), np.float32)

    def decode(self, latents: Array) -> Any:
        if latents.all():
            return self.seen.astype(np.int16) + 1
        return np.full((len(latents), 8 * latents.shape[2], 8 * latents.shape[3], 3), 204, np.uint8)


def test_a_row_lacks_the_columns_that_its_kind_does_not_have() -> None:
    row = {name: asdict(share([True, False])) for name in ("object", "colour", "background", "all")}
    report = {"rows": {"pictures": row}, "decoder_psnr_db": {"mean": 33.2, "reach": 0.4, "n": 2}}
    lines = markdown(report).splitlines()
    assert lines[0] == "| prompts | n | object | colour | background | relation | count | all |"
    assert lines[2].count("0.500 (0.095 to 0.905)") == 4
    assert lines[2].count("|  |") == 1
    assert lines[-1] == "Autoencoder on held-out renders: 33.2 ± 0.4 dB (n = 2)."


def test_shares_are_taken_mark_by_mark() -> None:
    row = shares([{"object": True, "all": True}, {"object": True, "all": False}])
    assert (row["object"].value, row["all"].value) == (1.0, 0.5)


def test_every_kind_is_asked_for_what_its_split_says() -> None:
    evaluation = Evaluation(Nothing(), 12)
    for _, kind, split in KINDS:
        shown = [thing for task in evaluation.tasks(kind, split, 12) for thing in things_of(task.scene)]
        assert all(is_held_out(thing) == (split == "heldout") for thing in shown)


def test_an_older_model_is_asked_only_for_what_it_knows() -> None:
    tasks = Evaluation(Nothing(), 30, object_count=1).tasks("single", "train", 30)
    assert {thing.name for task in tasks for thing in things_of(task.scene)} == {"circle"}


def test_a_model_that_draws_nothing_scores_nothing() -> None:
    rows = dict(Evaluation(Nothing(), 3, kinds=("group",)).kinds(3.0))
    name, ceiling = rows
    assert (rows[name]["all"].value, rows[ceiling]["all"].value) == (0.0, 1.0)


def test_the_autoencoder_is_scored_in_decibels() -> None:
    assert round(Evaluation(Nothing(), 2).decoder_psnr()["mean"], 2) == round(float(20 * np.log10(255)), 2)
