"""How often what is drawn: weighted towards what people type first."""

from __future__ import annotations

from collections.abc import Mapping

from tools.flatland.painters import PAINTERS
from tools.flatland.scene import Look, Relation, Size

SIZE_WEIGHTS: Mapping[Size, float] = {"small": 0.15, "medium": 0.45, "large": 0.4}
RELATION_WEIGHTS: Mapping[Relation, float] = {"left": 1, "right": 1, "above": 1, "below": 1, "front": 0.5}
LOOK_WEIGHTS: Mapping[Look, float] = {"flat": 0.88, "pixel": 0.04, "line": 0.04, "pastel": 0.04}
_POPULAR = ("house", "boat", "cat", "car", "tree", "circle", "square", "heart", "star", "moon", "sun", "dog")
OBJECT_WEIGHTS: Mapping[str, float] = {name: 2.0 if name in _POPULAR else 1.0 for name in PAINTERS}
NATURAL_COLOURS: Mapping[str, str] = {
    "moon": "yellow", "sun": "yellow", "cloud": "white", "balloon": "red", "tree": "green", "flower": "pink",
    "mushroom": "red", "cactus": "green", "apple": "red", "leaf": "green", "house": "red", "boat": "red",
    "car": "red", "umbrella": "purple", "cup": "white", "crown": "yellow", "rocket": "white", "book": "blue",
    "cat": "orange", "dog": "brown", "fish": "orange", "bird": "blue", "butterfly": "purple", "ghost": "white",
    "robot": "gray", "smiley": "yellow", "heart": "red", "star": "yellow", "train": "red", "plane": "white",
    "castle": "gray", "lighthouse": "red", "mountain": "gray", "planet": "orange", "cake": "pink",
    "ice cream": "pink", "pumpkin": "orange", "snowman": "red", "rabbit": "white", "duck": "yellow",
    "penguin": "black", "whale": "blue",
}  # fmt: skip
TERRAINS: Mapping[str, float] = {
    "hills": 3, "sea": 3, "mountains": 1.5, "meadow": 1.5, "desert": 1, "forest": 1, "city": 1, "beach": 1,
    "snow": 1, "space": 1,
}  # fmt: skip
TIMES: Mapping[str, float] = {"day": 2.5, "night": 3.5, "sunset": 2.5, "dawn": 0.8, "dusk": 0.8}
SUBJECTS: Mapping[str, float] = {
    "house": 7, "tree": 3, "car": 2, "cat": 3, "dog": 2, "robot": 1, "rocket": 1, "balloon": 1, "bird": 1, "plane": 1,
    "flower": 1, "mushroom": 1, "ghost": 1, "castle": 2, "rabbit": 1, "train": 1, "umbrella": 0.7, "pumpkin": 0.7,
}  # fmt: skip
# Where other things live than on the land at large.
SUBJECTS_OF: Mapping[str, Mapping[str, float]] = {
    "sea": {"boat": 8, "whale": 1.5, "duck": 1.5, "bird": 0.5, "plane": 0.5},
    "space": {"rocket": 5, "planet": 2, "robot": 1, "star": 0.7, "cat": 0.7, "moon": 0.7, "heart": 0.4},
    "desert": {"cactus": 4, "car": 2, "house": 1, "robot": 1, "tree": 0.5, "balloon": 0.5, "castle": 0.7},
    "snow": {"snowman": 4, "penguin": 3, "house": 4, "tree": 2, "dog": 1, "rabbit": 1, "cat": 1},
    "beach": {"lighthouse": 3, "umbrella": 2, "house": 1, "dog": 1, "cat": 1, "car": 1, "duck": 0.5},
    "city": {"car": 5, "train": 2, "cat": 1, "dog": 1, "robot": 1.5, "balloon": 1, "plane": 1, "tree": 1},
    "mountains": {"house": 4, "castle": 3, "train": 1, "plane": 1, "tree": 2, "bird": 1, "dog": 1, "balloon": 1},
}
ALONE, TWICE, THRICE, ACCOMPANIED = 0.6, 0.12, 0.08, 0.2
