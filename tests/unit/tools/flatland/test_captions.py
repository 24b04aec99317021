from __future__ import annotations

from random import Random

from tools.flatland.captions import SYNONYMS, caption, captions, landscape_words, negative_prompt
from tools.flatland.scene import Landscape, Pair, Single, Thing, sample_scene


def names(thing: Thing) -> tuple[str, ...]:
    return SYNONYMS.get(thing.name, (thing.name,))


def test_the_same_seed_gives_the_same_captions() -> None:
    assert captions(sample_scene(3), 3, 4) == captions(sample_scene(3), 3, 4)


def test_a_caption_names_what_is_drawn() -> None:
    for seed in range(400):
        scene = sample_scene(seed)
        for text in captions(scene, seed, 3):
            if isinstance(scene, Single):
                assert any(name in text for name in names(scene.thing)), text
            if isinstance(scene, Pair):
                both = (scene.first, scene.second)
                assert all(any(name in text for name in names(thing)) for thing in both), text


def test_a_subject_under_the_stars_is_said_to_be_there() -> None:
    scene = Landscape("hills", "night", "stars", Thing("house", "blue"), 1)
    for seed in range(30):
        words = landscape_words(scene, Random(seed))
        assert "blue" in words
        assert "star" in words


def test_a_relation_turns_round_when_the_objects_change_places() -> None:
    scene = Pair(Thing("circle", "red"), Thing("square", "blue"), "left", "white")
    for seed in range(60):
        text = caption(scene, Random(seed))
        circle_first = text.index("circle") < text.index("square")
        if " of " in text.replace("picture of", "").replace("illustration of", "").replace("drawing of", ""):
            assert ("left" in text) == circle_first, text


def test_a_colour_is_left_out_only_where_it_is_the_usual_one() -> None:
    scene = Single(Thing("tree", "purple"), "medium", "white")
    for seed in range(40):
        text = caption(scene, Random(seed))
        assert "purple" in text or "violet" in text


def test_no_prompt_is_mostly_an_empty_one() -> None:
    texts = [negative_prompt(Random(seed)) for seed in range(400)]
    assert 0.6 < texts.count("") / len(texts) < 0.9
