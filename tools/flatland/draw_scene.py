"""A scene drawn by lot from an integer seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from tools.flatland.habits import (
    ACCOMPANIED,
    ALONE,
    LOOK_WEIGHTS,
    NATURAL_COLOURS,
    OBJECT_WEIGHTS,
    RELATION_WEIGHTS,
    SIZE_WEIGHTS,
    SUBJECTS,
    SUBJECTS_OF,
    TERRAINS,
    THRICE,
    TIMES,
    TWICE,
)
from tools.flatland.palette import BACKGROUNDS, COLOURS
from tools.flatland.scene import (
    FLYING,
    Group,
    Landscape,
    Pair,
    Relation,
    Row,
    Scene,
    Single,
    Split,
    Thing,
    is_held_out,
)

_Name = TypeVar("_Name", bound=str)


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each kind of scene is drawn, from which objects, colours and relations."""

    single: float = 0.32
    pair: float = 0.26
    group: float = 0.09
    row: float = 0.05
    landscape: float = 0.28
    split: Split = "train"
    objects: Mapping[str, float] | None = None
    relations: Mapping[Relation, float] | None = None
    looks: bool = True


def only(kind: str, split: Split = "train") -> Mix:
    """Returns a mix of one kind of scene in the flat look, e.g. for an evaluation."""
    shares = {name: float(name == kind) for name in ("single", "pair", "group", "row", "landscape")}
    if not any(shares.values()):
        raise ValueError(f"no kind of scene is called {kind!r}, expected one of {', '.join(shares)}")
    single, pair, group, row, landscape = shares.values()
    return Mix(single, pair, group, row, landscape, split=split, looks=False)


def sample_scene(seed: int, mix: Mix = Mix()) -> Scene:
    """Returns the scene of an integer seed; the same seed and mix always give the same scene."""
    lot = Random(seed)
    shares = {"single": mix.single, "pair": mix.pair, "group": mix.group, "row": mix.row, "landscape": mix.landscape}
    scene: Scene = _DRAWS[pick(lot, shares)](lot, mix)
    return replace(scene, look=pick(lot, LOOK_WEIGHTS)) if mix.looks else scene


def pick(lot: Random, weights: Mapping[_Name, float]) -> _Name:
    """Returns one of the names, by weight."""
    return lot.choices(list(weights), list(weights.values()))[0]


def _thing(lot: Random, split: Split, weights: Mapping[str, float]) -> Thing:
    while True:
        name = pick(lot, weights)
        natural = split == "train" and name in NATURAL_COLOURS and lot.random() < 0.2
        thing = Thing(name, NATURAL_COLOURS[name] if natural else lot.choice(list(COLOURS)))
        if is_held_out(thing) == (split == "heldout"):
            return thing


def _different(lot: Random, mix: Mix, count: int) -> list[Thing]:
    things: list[Thing] = []
    while len(things) < count:
        thing = _thing(lot, mix.split, mix.objects or OBJECT_WEIGHTS)
        if thing not in things:
            things.append(thing)
    return things


def _background(lot: Random, *things: Thing) -> str:
    weights = {name: 2.5 if name == "white" else 1.0 for name in BACKGROUNDS}
    for thing in things:
        weights.pop(thing.colour, None)
    return pick(lot, weights)


def _shift(lot: Random, reach: float) -> tuple[float, float]:
    return round(lot.uniform(-reach, reach), 3), round(lot.uniform(-reach, reach), 3)


def _single(lot: Random, mix: Mix) -> Single:
    (thing,) = _different(lot, mix, 1)
    size = pick(lot, SIZE_WEIGHTS)
    reach = {"small": 0.1, "medium": 0.06, "large": 0.03}[size]
    return Single(thing, size, _background(lot, thing), _shift(lot, reach))


def _pair(lot: Random, mix: Mix) -> Pair:
    first, second = _different(lot, mix, 2)
    relation = pick(lot, mix.relations or RELATION_WEIGHTS)
    while relation == "front" and second.colour == first.colour:
        first, second = _different(lot, mix, 2)
    return Pair(first, second, relation, _background(lot, first, second), _shift(lot, 0.02))


def _group(lot: Random, mix: Mix) -> Group:
    (thing,) = _different(lot, mix, 1)
    return Group(thing, lot.choice((2, 3)), _background(lot, thing), _shift(lot, 0.02))


def _row(lot: Random, mix: Mix) -> Row:
    first, second, third = _different(lot, mix, 3)
    return Row((first, second, third), _background(lot, first, second, third), _shift(lot, 0.02))


def _landscape(lot: Random, mix: Mix) -> Landscape:
    terrain = pick(lot, TERRAINS)
    time = "night" if terrain == "space" else pick(lot, TIMES)
    weather = "stars" if terrain == "space" else pick(lot, _weathers(time))
    variant = lot.randrange(1_000_000)
    if lot.random() < 0.22:
        return Landscape(terrain, time, weather, None, variant)
    subject = _thing(lot, mix.split, SUBJECTS_OF.get(terrain, SUBJECTS))
    count = int(pick(lot, {"1": ALONE + ACCOMPANIED, "2": TWICE, "3": THRICE}))
    alone = count > 1 or lot.random() < ALONE / (ALONE + ACCOMPANIED)
    companion = None if alone else _companion(lot, terrain, subject)
    return Landscape(terrain, time, weather, subject, variant, count, companion)


def _weathers(time: str) -> Mapping[str, float]:
    weathers = {"clear": 3.0, "clouds": 1.5, "rain": 0.8, "snow": 0.7}
    if time in ("night", "dusk"):
        weathers["stars"] = 6.0
    if time == "day":
        weathers["rainbow"] = 1.2
    return weathers


def _companion(lot: Random, terrain: str, subject: Thing) -> Thing | None:
    """Another thing, of another kind, that stands where the subject stands: both aloft or both below."""
    weights = {
        name: weight
        for name, weight in SUBJECTS_OF.get(terrain, SUBJECTS).items()
        if name != subject.name and (name in FLYING) == (subject.name in FLYING)
    }
    return _thing(lot, "train", weights) if weights else None


_DRAWS: Mapping[str, Callable[[Random, Mix], Scene]] = {
    "single": _single,
    "pair": _pair,
    "group": _group,
    "row": _row,
    "landscape": _landscape,
}
