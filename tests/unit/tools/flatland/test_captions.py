from __future__ import annotations

from random import Random

import pytest

from tools.flatland.captions import caption, captions, negative_prompt
from tools.flatland.draw_scene import only, sample_scene
from tools.flatland.landscape_words import landscape_words
from tools.flatland.scene import FLYING, Group, Landscape, Pair, Row, Single, Thing, things_of
from tools.flatland.words import COLOUR_WORDS, SYNONYMS, many_things, plural


def nouns(thing: Thing) -> tuple[str, ...]:
    singular = SYNONYMS.get(thing.name, (thing.name,))
    return (*singular, *(plural(noun) for noun in singular))


def names_colour(text: str, colour: str) -> bool:
    return any(word in text for word in COLOUR_WORDS.get(colour, (colour,)))


def test_the_same_seed_gives_the_same_captions() -> None:
    assert captions(sample_scene(3), 3, 4) == captions(sample_scene(3), 3, 4)


def test_a_caption_names_everything_that_is_drawn() -> None:
    for seed in range(600):
        scene = sample_scene(seed)
        for text in captions(scene, seed, 3):
            assert all(any(noun in text for noun in nouns(thing)) for thing in things_of(scene)), text


def test_a_caption_of_a_plain_picture_names_no_colour_that_is_not_there() -> None:
    colours = ("red", "blue", "green", "purple", "black")
    for seed in range(400):
        scene = sample_scene(seed)
        if isinstance(scene, Landscape):
            continue
        shown = {thing.colour for thing in things_of(scene)} | {scene.background}
        text = " ".join(captions(scene, seed, 3)).replace("colored", "").replace("dark blue", "navy")
        assert not [c for c in colours if c not in shown and f" {c} " in f" {text} "], text


def test_a_subject_under_the_stars_is_said_to_be_there() -> None:
    scene = Landscape("hills", "night", "stars", Thing("house", "blue"), 1)
    for seed in range(30):
        words = landscape_words(scene, Random(seed))
        assert "blue" in words
        assert "star" in words


@pytest.mark.parametrize(
    ("word", "field", "values"),
    [
        ("sunset", "time", {"sunset"}),
        ("dusk", "time", {"dusk"}),
        ("moon", "time", {"night"}),
        ("desert", "terrain", {"desert"}),
        ("forest", "terrain", {"forest"}),
        ("rainbow", "weather", {"rainbow"}),
        ("in the rain", "weather", {"rain"}),
        ("in falling snow", "weather", {"snow"}),
        ("starry", "weather", {"stars"}),
        ("outer space", "terrain", {"space"}),
    ],
)
def test_a_word_for_a_landscape_is_used_only_where_it_is_true(word: str, field: str, values: set[str]) -> None:
    used = 0
    for seed in range(900):
        scene = sample_scene(seed, only("landscape"))
        if any(thing.name == "moon" for thing in things_of(scene)):
            continue
        if word in " ".join(captions(scene, seed, 2)):
            used += 1
            assert getattr(scene, field) in values
    assert used > 3


def test_what_flies_is_over_the_land_and_what_walks_is_not() -> None:
    for seed in range(500):
        scene = sample_scene(seed, only("landscape"))
        text = landscape_words(scene, Random(seed)) if isinstance(scene, Landscape) else ""
        subject = things_of(scene)[0] if things_of(scene) else None
        if subject and f"over {'the '}" in text and "sunset over" not in text:
            assert subject.name in FLYING, text


@pytest.mark.parametrize(("relation", "words"), [("left", "left"), ("above", "above"), ("front", "in front of")])
def test_a_relation_turns_round_when_the_objects_change_places(relation: str, words: str) -> None:
    scene = Pair(Thing("circle", "red"), Thing("square", "blue"), relation, "white")  # type: ignore[arg-type]
    for seed in range(80):
        text = caption(scene, Random(seed)).replace("picture of", "").replace("illustration of", "")
        circle_first = text.index("circle") < text.index("square")
        if f" {words}" in text and "and" not in text:
            assert circle_first, text


def test_three_in_a_row_are_named_in_their_order_or_by_who_stands_between() -> None:
    scene = Row((Thing("cat", "black"), Thing("house", "red"), Thing("tree", "pink")), "white")
    for seed in range(40):
        text = caption(scene, Random(seed))
        places = [min(text.find(noun) for noun in nouns(thing) if noun in text) for thing in scene.things]
        if " between " in text:
            assert places[1] < places[0] < places[2], text
        else:
            assert places == sorted(places), text


@pytest.mark.parametrize("count", [2, 3])
def test_a_group_is_counted_right(count: int) -> None:
    right, wrong = {2: (("two", "2", "pair"), ("three", "3")), 3: (("three", "3"), ("two", "2", "pair"))}[count]
    for seed in range(40):
        text = caption(Group(Thing("fish", "green"), count, "white"), Random(seed))
        assert any(word in text for word in right), text
        assert not any(word in text for word in wrong), text


def test_plurals_are_english() -> None:
    given = ("house", "fish", "butterfly", "leaf", "cactus", "snowman", "circle", "ice cream")
    expected = ("houses", "fish", "butterflies", "leaves", "cacti", "snowmen", "circles", "ice creams")
    assert tuple(map(plural, given)) == expected
    assert many_things(Thing("boat", "teal"), 2, Random(1)).split()[-1] in {"boats", "sailboats", "ships"}


@pytest.mark.parametrize(
    ("look", "word"), [("pixel", "pixel"), ("line", ("line", "sketch")), ("pastel", "pastel"), ("flat", "")]
)
def test_a_look_is_named_where_it_is_one(look: str, word: str | tuple[str, ...]) -> None:
    scene = Single(Thing("cat", "black"), "large", "yellow", look=look)  # type: ignore[arg-type]
    for seed in range(40):
        text = caption(scene, Random(seed))
        assert any(each in text for each in ((word,) if isinstance(word, str) else word)), text
        assert look != "flat" or not any(each in text for each in ("pixel", "line", "pastel", "sketch")), text


def test_a_colour_is_left_out_only_where_it_is_the_usual_one() -> None:
    scene = Single(Thing("tree", "purple"), "medium", "white")
    for seed in range(40):
        assert names_colour(caption(scene, Random(seed)), "purple")


def test_no_prompt_is_mostly_an_empty_one() -> None:
    texts = [negative_prompt(Random(seed)) for seed in range(400)]
    assert 0.6 < texts.count("") / len(texts) < 0.9
