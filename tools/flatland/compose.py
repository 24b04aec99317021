"""Where the things of a scene stand."""

from __future__ import annotations

from random import Random

from tools.flatland.land import HORIZON
from tools.flatland.pen import Place
from tools.flatland.scene import FLYING, Group, Landscape, Pair, Scene, Single, Thing

_HALF = {"small": 0.21, "medium": 0.3, "large": 0.38}
_PAIR_HALF = 0.21
_OFFSETS = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}
# Half the height of each of one, two, three things side by side, in parts of the shorter side.
_ROW_HALVES = {2: 0.21, 3: 0.145}
_GROUND_HALVES = {2: 0.19, 3: 0.14}
_ROW_X = {2: (0.255, 0.745), 3: (0.175, 0.5, 0.825)}

Placed = list[tuple[Thing, Place]]


def places(scene: Scene, width: int, height: int) -> Placed:
    """Returns the things of a scene with their places, those behind first."""
    if isinstance(scene, Landscape):
        return _on_land(scene, width, height)
    unit = min(width, height)
    x, y = width / 2 + scene.shift[0] * unit, height / 2 + scene.shift[1] * unit
    if isinstance(scene, Single):
        return [(scene.thing, Place(x, y, _HALF[scene.size] * unit))]
    if isinstance(scene, Pair):
        return _pair(scene, Place(x, y, unit), width, height)
    things = [scene.thing] * scene.count if isinstance(scene, Group) else list(scene.things)
    return _side_by_side(things, Place(x, y, unit), width)


def _pair(scene: Pair, middle: Place, width: int, height: int) -> Placed:
    x, y, unit = middle.x_px, middle.y_px, middle.half_px
    if scene.relation == "front":
        behind = Place(x - 0.13 * unit, y - 0.14 * unit, 0.28 * unit)
        return [(scene.second, behind), (scene.first, Place(x + 0.15 * unit, y + 0.17 * unit, 0.23 * unit))]
    right, down = _OFFSETS[scene.relation]
    dx, dy, half = right * 0.245 * width, down * 0.245 * height, _PAIR_HALF * unit
    return [(scene.first, Place(x + dx, y + dy, half)), (scene.second, Place(x - dx, y - dy, half))]


def _side_by_side(things: list[Thing], middle: Place, width: int) -> Placed:
    half = _ROW_HALVES[len(things)] * middle.half_px
    xs = [middle.x_px + (x - 0.5) * width for x in _ROW_X[len(things)]]
    return [(thing, Place(x, middle.y_px, half)) for thing, x in zip(things, xs, strict=True)]


def _on_land(scene: Landscape, width: int, height: int) -> Placed:
    if scene.subject is None:
        return []
    lot, unit = Random(scene.variant + 1), min(width, height)
    things = [scene.subject] * scene.count + ([scene.companion] if scene.companion else [])
    one = len(things) == 1
    half = (lot.choice((0.2, 0.25, 0.29)) if one else _GROUND_HALVES[len(things)]) * unit
    shift = lot.uniform(-0.08, 0.08) if one else lot.uniform(-0.02, 0.02)
    xs = (0.5,) if one else _ROW_X[len(things)]
    y = _height_of(scene, scene.subject, half / height)
    return [(thing, Place((x + shift) * width, y * height, half)) for thing, x in zip(things, xs, strict=True)]


def _height_of(scene: Landscape, subject: Thing, half: float) -> float:
    if scene.terrain == "space":
        return 0.54
    if subject.name in FLYING:
        return 0.36
    return HORIZON + (0.2 if scene.terrain == "sea" else 0.26) - half * 0.9
