"""What a picture shows, as plain data, and how one is drawn by lot from an integer seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from tools.flatland.painters import PAINTERS
from tools.flatland.palette import BACKGROUNDS, COLOURS

Size = Literal["small", "medium", "large"]
Relation = Literal["left", "right", "above", "below"]
Split = Literal["train", "heldout"]

RELATIONS: tuple[Relation, ...] = ("left", "right", "above", "below")
SIZE_WEIGHTS: Mapping[Size, float] = {"small": 0.15, "medium": 0.45, "large": 0.4}
# What people type first is drawn more often than the rest.
_POPULAR = ("house", "boat", "cat", "car", "tree", "circle", "square", "heart", "star", "moon", "sun")
OBJECT_WEIGHTS: Mapping[str, float] = {name: 2.0 if name in _POPULAR else 1.0 for name in PAINTERS}
NATURAL_COLOURS: Mapping[str, str] = {
    "moon": "yellow", "sun": "yellow", "cloud": "white", "balloon": "red", "tree": "green", "flower": "pink",
    "mushroom": "red", "cactus": "green", "apple": "red", "leaf": "green", "house": "red", "boat": "red",
    "car": "red", "umbrella": "purple", "cup": "white", "crown": "yellow", "rocket": "white", "book": "blue",
    "cat": "orange", "dog": "brown", "fish": "orange", "bird": "blue", "butterfly": "purple", "ghost": "white",
    "robot": "gray", "smiley": "yellow", "heart": "red", "star": "yellow",
}  # fmt: skip
TERRAINS: Mapping[str, float] = {
    "hills": 3, "sea": 2, "mountains": 2, "meadow": 2, "desert": 1, "forest": 1, "city": 1, "beach": 1, "snow": 1,
}  # fmt: skip
TIMES: Mapping[str, float] = {"day": 2.5, "night": 3.5, "sunset": 2.5, "dawn": 1, "dusk": 1}
SUBJECTS: Mapping[str, float] = {
    "house": 6, "tree": 2, "car": 2, "cat": 2, "dog": 1, "robot": 1, "rocket": 1, "balloon": 1, "bird": 1,
    "flower": 1, "mushroom": 1, "ghost": 1, "cactus": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """An object in its colour."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Single:
    """One object on a plain background; the centre is a shift in parts of the shorter side."""

    thing: Thing
    size: Size
    background: str
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two objects on a plain background: `first` stands on the side that `relation` says."""

    first: Thing
    second: Thing
    relation: Relation
    background: str
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Landscape:
    """An outdoor scene, with or without a subject; `variant` settles hills, stars and clouds."""

    terrain: str
    time: str
    weather: str
    subject: Thing | None
    variant: int


Scene = Single | Pair | Landscape


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each kind of scene is drawn, and from which colour and object combinations."""

    single: float = 0.43
    pair: float = 0.33
    landscape: float = 0.24
    split: Split = "train"


def is_held_out(thing: Thing) -> bool:
    """Tells whether this combination of colour and object is kept out of training."""
    return (list(PAINTERS).index(thing.name) * 5 + list(COLOURS).index(thing.colour) * 7) % 13 == 9


def sample_scene(seed: int, mix: Mix = Mix()) -> Scene:
    """Returns the scene of an integer seed; the same seed and mix always give the same scene."""
    lot = Random(seed)
    kind = lot.choices(("single", "pair", "landscape"), (mix.single, mix.pair, mix.landscape))[0]
    if kind == "single":
        return _single(lot, mix.split)
    return _pair(lot, mix.split) if kind == "pair" else _landscape(lot)


def _pick(lot: Random, weights: Mapping[str, float]) -> str:
    return lot.choices(list(weights), list(weights.values()))[0]


def _thing(lot: Random, split: Split, weights: Mapping[str, float]) -> Thing:
    while True:
        name = _pick(lot, weights)
        natural = split == "train" and name in NATURAL_COLOURS and lot.random() < 0.2
        thing = Thing(name, NATURAL_COLOURS[name] if natural else lot.choice(list(COLOURS)))
        if is_held_out(thing) == (split == "heldout"):
            return thing


def _background(lot: Random, *things: Thing) -> str:
    weights = {name: 2.5 if name == "white" else 1.0 for name in BACKGROUNDS}
    for thing in things:
        weights.pop(thing.colour, None)
    return _pick(lot, weights)


def _shift(lot: Random, reach: float) -> tuple[float, float]:
    return round(lot.uniform(-reach, reach), 3), round(lot.uniform(-reach, reach), 3)


def _single(lot: Random, split: Split) -> Single:
    thing = _thing(lot, split, OBJECT_WEIGHTS)
    size: Size = lot.choices(list(SIZE_WEIGHTS), list(SIZE_WEIGHTS.values()))[0]
    reach = {"small": 0.1, "medium": 0.06, "large": 0.03}[size]
    return Single(thing, size, _background(lot, thing), _shift(lot, reach))


def _pair(lot: Random, split: Split) -> Pair:
    first = _thing(lot, split, OBJECT_WEIGHTS)
    second = _thing(lot, split, OBJECT_WEIGHTS)
    while second == first:
        second = _thing(lot, split, OBJECT_WEIGHTS)
    return Pair(first, second, lot.choice(RELATIONS), _background(lot, first, second), _shift(lot, 0.02))


def _landscape(lot: Random) -> Landscape:
    terrain, time = _pick(lot, TERRAINS), _pick(lot, TIMES)
    weathers = {"clear": 3.0, "clouds": 1.5, "rain": 0.7, "snow": 0.7}
    if time in ("night", "dusk"):
        weathers["stars"] = 6.0
    if time == "day":
        weathers["rainbow"] = 1.0
    weather = _pick(lot, weathers)
    subject = None if lot.random() < 0.3 else _subject(lot, terrain)
    return Landscape(terrain, time, weather, subject, lot.randrange(1_000_000))


def _subject(lot: Random, terrain: str) -> Thing:
    return _thing(lot, "train", {"boat": 1.0} if terrain == "sea" else SUBJECTS)
