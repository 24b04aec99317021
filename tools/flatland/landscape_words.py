"""The words for an outdoor scene: what stands there, where, at which hour, in which weather."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tools.flatland.scene import FLYING, Landscape, Thing
from tools.flatland.words import a_thing, many_things

_NAMES: Mapping[str, tuple[str, ...]] = {
    "hills": ("green hills", "rolling hills", "the hills", "hills"),
    "sea": ("the sea", "the ocean", "the sea", "the water"),
    "mountains": ("the mountains", "snowy mountains", "mountains"),
    "meadow": ("a meadow", "a field of flowers", "a flower meadow"),
    "desert": ("the desert", "a desert", "sand dunes"),
    "forest": ("a forest", "the woods", "the forest"),
    "city": ("a city", "a city skyline", "the city"),
    "beach": ("a beach", "a beach with a palm tree", "a tropical beach", "the beach"),
    "snow": ("a snowy field", "a winter landscape", "a snowy landscape"),
    "space": ("space", "outer space", "the night sky"),
}
_PHRASES: Mapping[str, tuple[str, ...]] = {
    "hills": ("on a hill", "on a green hill", "on the hills", "on green hills", "in a landscape of hills"),
    "sea": ("on the sea", "on the ocean", "at sea", "on the water", "in the sea"),
    "mountains": ("in the mountains", "in front of snowy mountains", "in front of mountains"),
    "meadow": ("in a meadow", "in a field of flowers", "on a meadow"),
    "desert": ("in the desert", "in a desert"),
    "forest": ("in a forest", "in the woods", "in the forest"),
    "city": ("in the city", "in a city", "in front of a city", "in front of a city skyline"),
    "beach": ("on a beach", "on the beach", "by the sea", "at the beach"),
    "snow": ("in the snow", "in a snowy field", "in a winter landscape", "in the snow"),
    "space": ("in space", "in outer space", "in space", "among the stars"),
}
_TIME_WORDS: Mapping[str, tuple[str, ...]] = {
    "day": ("by day", "on a sunny day", "under a blue sky", ""),
    "night": ("at night", "at night", "under a night sky", "in the moonlight", "under the moon"),
    "sunset": ("at sunset", "at sunset", "at sunset", "under a sunset sky", "in the sunset"),
    "dawn": ("at dawn", "at sunrise"),
    "dusk": ("at dusk", "in the evening"),
}
_STARRY_NIGHT = (
    *("under a starry night sky", "under a starry sky", "under a starry sky", "at night with stars"),
    *("on a starry night", "under the stars"),
)
_WEATHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "clear": ("",),
    "clouds": ("with clouds", "under clouds", ""),
    "rain": ("in the rain", "in the rain", "with rain"),
    "snow": ("in falling snow", "with snow falling", "while it is snowing"),
    "rainbow": ("with a rainbow", "under a rainbow", "and a rainbow"),
    "stars": ("with stars", "under the stars"),
}
_WONDERS: Mapping[str, str] = {"rainbow": "a rainbow", "stars": "a starry sky"}


def landscape_words(scene: Landscape, lot: Random) -> str:
    """Returns the words for an outdoor scene."""
    if scene.subject is None:
        return _empty(scene, lot)
    place = f"over {lot.choice(_NAMES[scene.terrain])}" if _aloft(scene) else lot.choice(_PHRASES[scene.terrain])
    return _join(_subjects(scene, scene.subject, lot), place if _needs_place(scene, lot) else "", _hour(scene, lot))


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _aloft(scene: Landscape) -> bool:
    return scene.terrain != "space" and scene.subject is not None and scene.subject.name in FLYING


def _needs_place(scene: Landscape, lot: Random) -> bool:
    """A place may stay unsaid where the hour or the weather still says that it is outdoors."""
    telling = scene.time != "day" or scene.weather in ("rain", "snow", "rainbow")
    return scene.terrain == "space" or not telling or lot.random() < 0.6


def _subjects(scene: Landscape, subject: Thing, lot: Random) -> str:
    assert scene.subject is not None
    if scene.count > 1:
        return many_things(subject, scene.count, lot)
    first = a_thing(subject, lot)
    if scene.companion is None:
        return first
    second = a_thing(scene.companion, lot)
    joined = (f"{first} and {second}", f"{first} and {second}", f"{first} next to {second}", f"{second} beside {first}")
    sided = (f"{first} to the left of {second}", f"{second} to the right of {first}")
    return lot.choice((*joined, *sided))


def _empty(scene: Landscape, lot: Random) -> str:
    name = lot.choice(_NAMES[scene.terrain])
    if scene.time == "sunset" and scene.weather == "clear" and lot.random() < 0.5:
        return lot.choice((f"a sunset over {name}", f"sunset over {name}", f"{name} at sunset"))
    if scene.weather in ("rainbow", "stars") and scene.terrain != "space" and lot.random() < 0.4:
        return f"{_WONDERS[scene.weather]} over {name}"
    return _join(name, _hour(scene, lot))


def _hour(scene: Landscape, lot: Random) -> str:
    if scene.terrain == "space":
        return lot.choice(("", "", "with stars"))
    if scene.time == "night" and scene.weather == "stars":
        return lot.choice(_STARRY_NIGHT)
    weather = lot.choice(_WEATHER_WORDS[scene.weather])
    if scene.time == "day" and scene.weather != "clear" and lot.random() < 0.8:
        return weather
    return _join(lot.choice(_TIME_WORDS[scene.time]), weather)
