"""Sentences that say what a scene shows, in the words that people use."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tools.flatland.scene import NATURAL_COLOURS, Landscape, Pair, Scene, Single, Thing

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "house": ("house", "house", "house", "cottage", "home"),
    "boat": ("boat", "boat", "boat", "sailboat", "ship"),
    "cat": ("cat", "cat", "cat", "kitten"),
    "dog": ("dog", "dog", "puppy"),
    "cup": ("cup", "mug"),
    "smiley": ("smiley face", "smiley", "smiling face"),
    "moon": ("moon", "moon", "crescent moon"),
    "diamond": ("diamond", "diamond", "gem"),
    "rocket": ("rocket", "rocket", "spaceship"),
}
COLOUR_WORDS: Mapping[str, tuple[str, ...]] = {
    "gray": ("gray", "grey"),
    "purple": ("purple", "purple", "violet"),
    "teal": ("teal", "turquoise"),
    "navy": ("dark blue", "navy"),
}
# A background that no caption need mention: what "a red circle" alone should stand on.
_QUIET = ("white", "beige", "blue")
_OPENINGS = ("", "", "", "", "", "a picture of ", "an illustration of ", "a drawing of ")
_CLOSINGS = ("",) * 30 + (
    *(", flat design", ", minimal", ", vector art", ", digital art", ", high quality", ", best quality"),
    *(", masterpiece", ", detailed", ", simple", ", colorful", ", clean"),
)
# Words that people add and that a picture of this world can't show: learnt so that they do no harm.
_FILLERS = ("cute", "beautiful", "simple", "nice", "lovely", "happy", "pretty", "single")
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
    if isinstance(scene, Single):
        core = _single(scene, lot)
    else:
        core = _pair(scene, lot) if isinstance(scene, Pair) else landscape_words(scene, lot)
    return lot.choice(_OPENINGS) + core + lot.choice(_CLOSINGS)


def negative_prompt(lot: Random) -> str:
    """Returns what stands for "no prompt" in training: mostly nothing, sometimes a list of faults."""
    if lot.random() < 0.75:
        return ""
    return ", ".join(lot.sample(_FAULTS, lot.randint(1, 5)))


def with_article(words: str) -> str:
    """Returns the words behind "a" or "an"."""
    return ("an " if words[0] in "aeiou" else "a ") + words


def _colour(name: str, lot: Random) -> str:
    return lot.choice(COLOUR_WORDS.get(name, (name,)))


def thing_words(thing: Thing, lot: Random, size: str = "") -> str:
    """Returns e.g. "big red house"; a natural colour (a green tree) is sometimes left out."""
    noun = lot.choice(SYNONYMS.get(thing.name, (thing.name,)))
    silent = NATURAL_COLOURS.get(thing.name) == thing.colour and lot.random() < 0.4
    filler = lot.choice(_FILLERS) if lot.random() < 0.05 else ""
    return " ".join(word for word in (size, filler, "" if silent else _colour(thing.colour, lot), noun) if word)


def _size_word(size: str, lot: Random) -> str:
    if size == "small":
        return lot.choice(("small", "small", "little", "tiny"))
    return lot.choice(("big", "large", "", "")) if size == "large" else ""


def _background(name: str, lot: Random) -> str:
    if name in _QUIET and lot.random() < 0.35:
        return ""
    colour = _colour(name, lot)
    place = with_article(f"{colour} background")
    return lot.choice((f" on {place}", f" on {place}", f" on {place}", f" against {place}", f", {colour} background"))


def _single(scene: Single, lot: Random) -> str:
    words = thing_words(scene.thing, lot, _size_word(scene.size, lot))
    return (words if lot.random() < 0.1 else with_article(words)) + _background(scene.background, lot)


_RELATION_WORDS: Mapping[str, tuple[str, ...]] = {
    "left": ("to the left of", "left of", "on the left of"),
    "right": ("to the right of", "right of", "on the right of"),
    "above": ("above", "above", "over"),
    "below": ("below", "below", "under"),
}
_OPPOSITE: Mapping[str, str] = {"left": "right", "right": "left", "above": "below", "below": "above"}
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
    a, b = with_article(thing_words(first, lot)), with_article(thing_words(second, lot))
    draw = lot.random()
    if draw < 0.08:
        words = f"{a} and {b}"
    elif draw < 0.25:
        words = f"{a} {_SIDE_WORDS[relation]} and {b} {_SIDE_WORDS[_OPPOSITE[relation]]}"
    else:
        words = f"{a} {lot.choice(_RELATION_WORDS[relation])} {b}"
    return words + _background(scene.background, lot)


_TERRAIN_WORDS: Mapping[str, tuple[str, ...]] = {
    "hills": ("green hills", "rolling hills", "the hills"),
    "sea": ("the sea", "the ocean"),
    "mountains": ("the mountains", "snowy mountains"),
    "meadow": ("a meadow", "a field of flowers"),
    "desert": ("the desert",),
    "forest": ("a forest", "the woods"),
    "city": ("a city", "a city skyline"),
    "beach": ("a beach", "a beach with a palm tree"),
    "snow": ("a snowy field", "a winter landscape"),
}
_PLACE_PREPOSITION: Mapping[str, str] = {"hills": "on", "sea": "on", "beach": "on", "city": "in front of"}
_TIME_WORDS: Mapping[str, tuple[str, ...]] = {
    "day": ("by day", "on a sunny day", "under a blue sky"),
    "night": ("at night", "at night", "under a night sky", "in the moonlight"),
    "sunset": ("at sunset", "at sunset", "under a sunset sky"),
    "dawn": ("at dawn", "at sunrise"),
    "dusk": ("at dusk", "in the evening"),
}
_STARRY_NIGHT = ("under a starry night sky", "under a starry night sky", "under a starry sky", "at night with stars")
_WEATHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "clear": ("",),
    "clouds": (" with clouds", " under clouds", ""),
    "rain": (" in the rain", " with rain"),
    "snow": (" in falling snow", " with snow falling"),
    "rainbow": (" with a rainbow", " under a rainbow"),
    "stars": (" with stars", " under the stars"),
}


def landscape_words(scene: Landscape, lot: Random) -> str:
    """Returns the words for an outdoor scene: subject, place, time of day, weather."""
    time = _time_words(scene, lot)
    place = lot.choice(_TERRAIN_WORDS[scene.terrain])
    if scene.subject is None:
        return _empty_landscape(scene, place, time, lot)
    words = with_article(thing_words(scene.subject, lot))
    preposition = _PLACE_PREPOSITION.get(scene.terrain, "in")
    if scene.subject.name in ("rocket", "balloon", "bird"):
        preposition = "over"
    return words + (f" {preposition} {place}" if lot.random() < 0.65 else "") + time


def _empty_landscape(scene: Landscape, place: str, time: str, lot: Random) -> str:
    if scene.time == "sunset" and scene.weather == "clear" and lot.random() < 0.4:
        return lot.choice((f"a sunset over {place}", f"sunset over {place}"))
    return place + time


def _time_words(scene: Landscape, lot: Random) -> str:
    if scene.time == "night" and scene.weather == "stars":
        return " " + lot.choice(_STARRY_NIGHT)
    if scene.time == "day" and scene.weather != "clear" and lot.random() < 0.7:
        return lot.choice(_WEATHER_WORDS[scene.weather])
    return " " + lot.choice(_TIME_WORDS[scene.time]) + lot.choice(_WEATHER_WORDS[scene.weather])
