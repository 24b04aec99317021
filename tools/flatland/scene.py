"""What a picture shows, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.flatland.painters import PAINTERS
from tools.flatland.palette import COLOURS

Size = Literal["small", "medium", "large"]
Relation = Literal["left", "right", "above", "below", "front"]
Split = Literal["train", "heldout"]
Look = Literal["flat", "pixel", "line", "pastel"]

SIZES: tuple[Size, ...] = ("small", "medium", "large")
RELATIONS: tuple[Relation, ...] = ("left", "right", "above", "below", "front")
LOOKS: tuple[Look, ...] = ("flat", "pixel", "line", "pastel")
# What hangs in the air above a landscape; everything else stands on the ground or swims.
FLYING = frozenset({"rocket", "balloon", "bird", "plane", "butterfly", "planet", "star", "heart"})


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
    look: Look = "flat"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two objects on a plain background: `first` stands on the side that `relation` says."""

    first: Thing
    second: Thing
    relation: Relation
    background: str
    shift: tuple[float, float] = (0.0, 0.0)
    look: Look = "flat"


@dataclass(frozen=True, slots=True)
class Group:
    """The same object two or three times on a plain background."""

    thing: Thing
    count: int
    background: str
    shift: tuple[float, float] = (0.0, 0.0)
    look: Look = "flat"


@dataclass(frozen=True, slots=True)
class Row:
    """Three objects from left to right on a plain background."""

    things: tuple[Thing, Thing, Thing]
    background: str
    shift: tuple[float, float] = (0.0, 0.0)
    look: Look = "flat"


@dataclass(frozen=True, slots=True)
class Landscape:
    """An outdoor scene, with or without a subject; `variant` settles hills, stars and clouds.

    `count` is how often the subject is there, 1 to 3; the companion stands to its right and only where `count` is 1.
    """

    terrain: str
    time: str
    weather: str
    subject: Thing | None
    variant: int
    count: int = 1
    companion: Thing | None = None
    look: Look = "flat"


Scene = Single | Pair | Group | Row | Landscape


def is_held_out(thing: Thing) -> bool:
    """Tells whether this combination of colour and object is kept out of training."""
    return (list(PAINTERS).index(thing.name) * 5 + list(COLOURS).index(thing.colour) * 7) % 13 == 9


def things_of(scene: Scene) -> tuple[Thing, ...]:
    """Returns the objects that a scene names, in its order."""
    if isinstance(scene, Pair):
        return scene.first, scene.second
    if isinstance(scene, Row):
        return scene.things
    if isinstance(scene, Landscape):
        return tuple(thing for thing in (scene.subject, scene.companion) if thing is not None)
    return (scene.thing,)
