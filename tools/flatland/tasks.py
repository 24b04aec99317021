"""What an evaluation asks of the model: scenes of the held-out or training split, each with a plain prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tools.flatland.draw_scene import Mix, only, sample_scene
from tools.flatland.marks import Marks, mark
from tools.flatland.render import render
from tools.flatland.scene import RELATIONS, Group, Pair, Relation, Row, Scene, Single, Split, Thing
from tools.flatland.words import plural, with_article

_WORDS: Mapping[str, str] = {"smiley": "smiley face"}
_COLOUR_WORDS: Mapping[str, str] = {"navy": "dark blue"}
_RELATION_WORDS: Mapping[Relation, str] = {
    "left": "to the left of",
    "right": "to the right of",
    "above": "above",
    "below": "below",
    "front": "in front of",
}
# The four that leave both objects whole.
APART: tuple[Relation, ...] = RELATIONS[:4]


@dataclass(frozen=True, slots=True)
class Task:
    """A scene, and the plain prompt for it."""

    scene: Scene
    prompt: str


def tasks_of(kind: str, count: int, first_seed: int, split: Split = "train", mix: Mix | None = None) -> list[Task]:
    """Returns tasks of one kind of scene ("single", "pair", "group", "row"); two objects stand apart."""
    chosen = replace(mix or only(kind, split), relations=dict.fromkeys(APART, 1.0))
    scenes = [sample_scene(first_seed + i, chosen) for i in range(count)]
    return [Task(scene, prompt_of(scene)) for scene in scenes]


def prompt_of(scene: Scene) -> str:
    """Returns the plainest sentence for a scene on a plain background. Raises KeyError for a landscape."""
    return _PROMPTS[type(scene)](scene)


def _name(thing: Thing) -> str:
    return _WORDS.get(thing.name, thing.name)


def _a(thing: Thing) -> str:
    return with_article(f"{thing.colour} {_name(thing)}")


def _place(background: str) -> str:
    return " on " + with_article(f"{_COLOUR_WORDS.get(background, background)} background")


def _single(scene: Single) -> str:
    return _a(scene.thing) + _place(scene.background)


def _pair(scene: Pair) -> str:
    words = f"{_a(scene.first)} {_RELATION_WORDS[scene.relation]} {_a(scene.second)}"
    return words + _place(scene.background)


def _group(scene: Group) -> str:
    number = {2: "two", 3: "three"}[scene.count]
    return f"{number} {scene.thing.colour} {plural(_name(scene.thing))}" + _place(scene.background)


def _row(scene: Row) -> str:
    first, second, third = (_a(thing) for thing in scene.things)
    return f"{first}, {second} and {third}" + _place(scene.background)


_PROMPTS: Mapping[type[Scene], Callable[[Any], str]] = {Single: _single, Pair: _pair, Group: _group, Row: _row}


def ceiling(tasks: Sequence[Task], width_px: int = 128, height_px: int = 128) -> list[Marks]:
    """Returns the marks of true renders: the best that this judge would give anybody."""
    return [mark(task.scene, np.asarray(render(task.scene, width_px, height_px))) for task in tasks]
