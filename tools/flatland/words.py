"""The words for things: nouns with their synonyms and plurals, colours, sizes, articles."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tools.flatland.habits import NATURAL_COLOURS
from tools.flatland.scene import Thing

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "house": ("house", "house", "house", "house", "cottage", "home"),
    "boat": ("boat", "boat", "sailing boat", "sailboat", "ship"),
    "cat": ("cat", "cat", "cat", "kitten"),
    "dog": ("dog", "dog", "dog", "puppy"),
    "cup": ("cup", "mug", "cup of tea", "coffee cup"),
    "smiley": ("smiley face", "smiley", "smiling face"),
    "moon": ("moon", "moon", "crescent moon"),
    "diamond": ("diamond", "diamond", "gem"),
    "rocket": ("rocket", "rocket", "spaceship"),
    "plane": ("plane", "plane", "airplane", "aeroplane"),
    "train": ("train", "train", "steam train", "locomotive"),
    "cake": ("cake", "cake", "birthday cake"),
    "ice cream": ("ice cream", "ice cream", "ice cream cone"),
    "rabbit": ("rabbit", "rabbit", "bunny"),
    "mountain": ("mountain", "mountain", "peak"),
    "planet": ("planet", "planet", "planet with a ring"),
    "car": ("car", "car", "car", "automobile"),
}
COLOUR_WORDS: Mapping[str, tuple[str, ...]] = {
    "gray": ("gray", "grey"),
    "purple": ("purple", "purple", "violet"),
    "teal": ("teal", "turquoise"),
    "navy": ("dark blue", "navy"),
    "yellow": ("yellow",) * 9 + ("golden",),
}
COUNT_WORDS: Mapping[int, tuple[str, ...]] = {
    2: ("two", "two", "two", "2", "a pair of"),
    3: ("three", "three", "three", "3"),
}
_IRREGULAR: Mapping[str, str] = {
    "fish": "fish", "butterfly": "butterflies", "leaf": "leaves", "cactus": "cacti", "snowman": "snowmen",
    "puppy": "puppies", "bunny": "bunnies", "cup of tea": "cups of tea", "planet with a ring": "planets with rings",
}  # fmt: skip
# Words that people add and that a picture of this world can't show: learnt so that they do no harm.
_FILLERS = ("cute", "beautiful", "simple", "nice", "lovely", "happy", "pretty", "single")


def with_article(words: str) -> str:
    """Returns the words behind "a" or "an"."""
    return ("an " if words[0] in "aeiou" else "a ") + words


def plural(noun: str) -> str:
    """Returns the plural of one of the nouns."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def colour_word(name: str, lot: Random) -> str:
    """Returns one of the words for a colour."""
    return lot.choice(COLOUR_WORDS.get(name, (name,)))


def thing_words(thing: Thing, lot: Random, size: str = "") -> str:
    """Returns e.g. "big red house"; a natural colour (a green tree) is sometimes left out."""
    filler = lot.choice(_FILLERS) if lot.random() < 0.05 else ""
    noun = lot.choice(SYNONYMS.get(thing.name, (thing.name,)))
    return " ".join(word for word in (size, filler, _spoken_colour(thing, lot), noun) if word)


def a_thing(thing: Thing, lot: Random) -> str:
    """Returns e.g. "a red house"."""
    return with_article(thing_words(thing, lot))


def many_things(thing: Thing, count: int, lot: Random) -> str:
    """Returns e.g. "two red houses"."""
    noun = plural(lot.choice(SYNONYMS.get(thing.name, (thing.name,))))
    return " ".join(word for word in (lot.choice(COUNT_WORDS[count]), _spoken_colour(thing, lot), noun) if word)


def _spoken_colour(thing: Thing, lot: Random) -> str:
    silent = NATURAL_COLOURS.get(thing.name) == thing.colour and lot.random() < 0.4
    return "" if silent else colour_word(thing.colour, lot)


def size_word(size: str, lot: Random) -> str:
    """Returns a word for a size, or none."""
    if size == "small":
        return lot.choice(("small", "small", "little", "tiny"))
    return lot.choice(("big", "large", "", "")) if size == "large" else ""
