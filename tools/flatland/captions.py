"""Sentences that say what a scene shows, in the words that people use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tools.flatland.landscape_words import landscape_words
from tools.flatland.scene import Group, Landscape, Pair, Row, Scene, Single
from tools.flatland.words import a_thing, colour_word, many_things, size_word, thing_words, with_article

# A background that no caption need mention: what "a red circle" alone should stand on.
_QUIET = ("white", "beige", "blue")
_OPENINGS = ("",) * 8 + ("a picture of ", "an illustration of ", "a drawing of ")
_CLOSINGS = ("",) * 30 + (
    *(", flat design", ", minimal", ", vector art", ", digital art", ", high quality", ", best quality"),
    *(", masterpiece", ", detailed", ", simple", ", colorful", ", clean"),
)
# How a look is asked for: before and behind the rest.
_LOOK_WORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pixel": (("pixel art of ", ""), ("", ", pixel art"), ("", " in pixel art style"), ("pixelated ", "")),
    "line": (("a line drawing of ", ""), ("", ", line drawing"), ("line art of ", ""), ("a sketch of ", "")),
    "pastel": (("", " in pastel colors"), ("", ", pastel"), ("a pastel drawing of ", ""), ("", ", pastel colors")),
}
_FAULTS = (
    *("blurry", "low quality", "worst quality", "bad quality", "ugly", "deformed", "noise", "text", "watermark"),
    *("bad anatomy", "extra objects", "cropped", "photo", "realistic", "messy", "dark"),
)


def captions(scene: Scene, seed: int, count: int = 1) -> list[str]:
    """Returns `count` captions of a scene; the same arguments always give the same ones."""
    lot = Random(seed * 7919 + 17)
    return [caption(scene, lot) for _ in range(count)]


def caption(scene: Scene, lot: Random) -> str:
    """Returns one caption of a scene, drawn by lot."""
    core = _CORES[type(scene)](scene, lot)
    if scene.look != "flat":
        before, behind = lot.choice(_LOOK_WORDS[scene.look])
        return before + core + behind
    return lot.choice(_OPENINGS) + core + lot.choice(_CLOSINGS)


def negative_prompt(lot: Random) -> str:
    """Returns what stands for "no prompt" in training: mostly nothing, sometimes a list of faults."""
    if lot.random() < 0.75:
        return ""
    return ", ".join(lot.sample(_FAULTS, lot.randint(1, 5)))


def _background(name: str, lot: Random) -> str:
    if name in _QUIET and lot.random() < 0.35:
        return ""
    colour = colour_word(name, lot)
    place = with_article(f"{colour} background")
    return lot.choice((f" on {place}", f" on {place}", f" on {place}", f" against {place}", f", {colour} background"))


def _single(scene: Single, lot: Random) -> str:
    words = thing_words(scene.thing, lot, size_word(scene.size, lot))
    return (words if lot.random() < 0.1 else with_article(words)) + _background(scene.background, lot)


def _group(scene: Group, lot: Random) -> str:
    return many_things(scene.thing, scene.count, lot) + _background(scene.background, lot)


_RELATION_WORDS: Mapping[str, tuple[str, ...]] = {
    "left": ("to the left of", "left of", "on the left of"),
    "right": ("to the right of", "right of", "on the right of"),
    "above": ("above", "above", "over"),
    "below": ("below", "below", "under"),
    "front": ("in front of",),
    "behind": ("behind",),
}
_OPPOSITE: Mapping[str, str] = {
    "left": "right", "right": "left", "above": "below", "below": "above", "front": "behind",
}  # fmt: skip
_SIDE_WORDS: Mapping[str, str] = {
    "left": "on the left",
    "right": "on the right",
    "above": "at the top",
    "below": "at the bottom",
}


def _pair(scene: Pair, lot: Random) -> str:
    first, second, relation = scene.first, scene.second, str(scene.relation)
    if lot.random() < 0.5:
        first, second, relation = second, first, _OPPOSITE[relation]
    words = _related(a_thing(first, lot), a_thing(second, lot), relation, lot)
    return words + _background(scene.background, lot)


def _related(a: str, b: str, relation: str, lot: Random) -> str:
    draw = lot.random()
    if draw < 0.06 and relation in ("left", "right"):
        return f"{a} {lot.choice(('and', 'next to', 'beside'))} {b}"
    if draw < 0.2 and relation in _SIDE_WORDS:
        return f"{a} {_SIDE_WORDS[relation]} and {b} {_SIDE_WORDS[_OPPOSITE[relation]]}"
    return f"{a} {lot.choice(_RELATION_WORDS[relation])} {b}"


def _row(scene: Row, lot: Random) -> str:
    first, second, third = (a_thing(thing, lot) for thing in scene.things)
    words = lot.choice(
        (
            f"{first}, {second} and {third}",
            f"{second} between {first} and {third}",
            f"{first} on the left, {second} in the middle and {third} on the right",
        )
    )
    return words + _background(scene.background, lot)


_CORES: Mapping[type[Scene], Callable[[Any, Random], str]] = {
    Single: _single,
    Pair: _pair,
    Group: _group,
    Row: _row,
    Landscape: landscape_words,
}
