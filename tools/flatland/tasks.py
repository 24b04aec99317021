"""What an evaluation asks of the model, and how a picture's answer is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.flatland.captions import with_article
from tools.flatland.judge import Picture, judge
from tools.flatland.render import render
from tools.flatland.scene import Mix, Pair, Single, Split, Thing, sample_scene

Marks = Mapping[str, bool]
_WORDS: Mapping[str, str] = {"smiley": "smiley face"}
_COLOUR_WORDS: Mapping[str, str] = {"navy": "dark blue"}
_RELATIONS: Mapping[str, str] = {
    "left": "to the left of",
    "right": "to the right of",
    "above": "above",
    "below": "below",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A scene, and the plain prompt for it."""

    scene: Single | Pair
    prompt: str


def single_tasks(count: int, split: Split, first_seed: int) -> list[Task]:
    """Returns tasks with one object; with "heldout", combinations never drawn in training."""
    mix = Mix(single=1, pair=0, landscape=0, split=split)
    scenes = [sample_scene(first_seed + i, mix) for i in range(count)]
    return [Task(scene, _single_prompt(scene)) for scene in scenes if isinstance(scene, Single)]


def pair_tasks(count: int, first_seed: int) -> list[Task]:
    """Returns tasks with two objects in one of four relations."""
    mix = Mix(single=0, pair=1, landscape=0)
    scenes = [sample_scene(first_seed + i, mix) for i in range(count)]
    return [Task(scene, _pair_prompt(scene)) for scene in scenes if isinstance(scene, Pair)]


def _words(thing: Thing) -> str:
    return with_article(f"{thing.colour} {_WORDS.get(thing.name, thing.name)}")


def _place(background: str) -> str:
    return "on " + with_article(f"{_COLOUR_WORDS.get(background, background)} background")


def _single_prompt(scene: Single) -> str:
    return f"{_words(scene.thing)} {_place(scene.background)}"


def _pair_prompt(scene: Pair) -> str:
    return f"{_words(scene.first)} {_RELATIONS[scene.relation]} {_words(scene.second)} {_place(scene.background)}"


def mark(task: Task, picture: Picture) -> Marks:
    """Returns which parts of the prompt the picture shows, as the judge sees it."""
    if isinstance(task.scene, Pair):
        return _mark_pair(task.scene, picture)
    verdict = judge(picture)
    marks = {
        "object": verdict.thing.name == task.scene.thing.name,
        "colour": verdict.thing.colour == task.scene.thing.colour,
        "background": verdict.background == task.scene.background,
    }
    return {**marks, "all": all(marks.values())}


def _mark_pair(scene: Pair, picture: Picture) -> Marks:
    axis = 1 if scene.relation in ("left", "right") else 0
    halves = np.array_split(picture, 2, axis=axis)
    seen = [judge(half) for half in halves]
    asked = (scene.first, scene.second) if scene.relation in ("left", "above") else (scene.second, scene.first)
    marks = {
        "object": all(verdict.thing.name == thing.name for verdict, thing in zip(seen, asked, strict=True)),
        "colour": all(verdict.thing.colour == thing.colour for verdict, thing in zip(seen, asked, strict=True)),
        "background": all(verdict.background == scene.background for verdict in seen),
    }
    return {**marks, "all": all(marks.values())}


def ceiling(tasks: Sequence[Task]) -> list[Marks]:
    """Returns the marks of true renders: the best that this judge would give anybody."""
    return [mark(task, np.asarray(render(task.scene))) for task in tasks]
