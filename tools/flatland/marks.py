"""How a picture's answer to a task is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tools.flatland.counting import upright_parts
from tools.flatland.judge import Picture, Verdict, border_colour, judge
from tools.flatland.scene import Group, Pair, Row, Scene, Single, Thing

Marks = Mapping[str, bool]


def mark(scene: Scene, picture: Picture) -> Marks:
    """Returns which parts of a scene on a plain background the picture shows, as the judge sees it."""
    if isinstance(scene, Pair):
        return _mark_pair(scene, picture)
    if isinstance(scene, Single):
        return _with_all(_compared([judge(picture)], [scene.thing], scene.background))
    if isinstance(scene, Group):
        return _mark_row(picture, [scene.thing] * scene.count, scene.background)
    if isinstance(scene, Row):
        return _mark_row(picture, scene.things, scene.background)
    raise ValueError("a landscape can't be judged, only one to three objects on a plain background")


def _compared(seen: Sequence[Verdict], asked: Sequence[Thing], background: str) -> dict[str, bool]:
    pairs = list(zip(seen, asked, strict=True))
    return {
        "object": all(verdict.thing.name == thing.name for verdict, thing in pairs),
        "colour": all(verdict.thing.colour == thing.colour for verdict, thing in pairs),
        "background": all(verdict.background == background for verdict in seen),
    }


def _with_all(marks: dict[str, bool]) -> Marks:
    return {**marks, "all": all(marks.values())}


def _mark_pair(scene: Pair, picture: Picture) -> Marks:
    """Each half must show its own object; the relation holds where the halves are at least not exchanged."""
    axis = 1 if scene.relation in ("left", "right") else 0
    seen = [judge(half) for half in np.array_split(picture, 2, axis=axis)]
    asked = (scene.first, scene.second) if scene.relation in ("left", "above") else (scene.second, scene.first)
    marks = _compared(seen, asked, scene.background)
    return {**_with_all(marks), "relation": _nearer(seen, asked)}


def _nearer(seen: Sequence[Verdict], asked: Sequence[Thing]) -> bool:
    return _agreement(seen, asked) > _agreement(seen, asked[::-1])


def _agreement(seen: Sequence[Verdict], asked: Sequence[Thing]) -> int:
    pairs = list(zip(seen, asked, strict=True))
    return sum((v.thing.name == t.name) + (v.thing.colour == t.colour) for v, t in pairs)


def _mark_row(picture: Picture, asked: Sequence[Thing], background: str) -> Marks:
    parts, behind = upright_parts(picture), border_colour(picture)
    if len(parts) != len(asked):
        return {"object": False, "colour": False, "background": False, "count": False, "all": False}
    return _with_all({**_compared([judge(part, behind) for part in parts], asked, background), "count": True})
