from __future__ import annotations

import numpy as np
import pytest

from tools.flatland.painters import PAINTERS
from tools.flatland.render import render
from tools.flatland.scene import Landscape, Mix, Pair, Scene, Single, Thing, is_held_out, sample_scene


def things(scene: Scene) -> list[Thing]:
    if isinstance(scene, Single):
        return [scene.thing]
    if isinstance(scene, Pair):
        return [scene.first, scene.second]
    return [scene.subject] if scene.subject else []


def test_a_seed_always_gives_the_same_picture() -> None:
    for seed in range(12):
        first, second = (np.asarray(render(sample_scene(seed))) for _ in range(2))
        assert np.array_equal(first, second)


def test_seeds_give_different_pictures() -> None:
    pictures = {render(sample_scene(seed)).tobytes() for seed in range(30)}
    assert len(pictures) == 30


@pytest.mark.parametrize(("width", "height"), [(192, 128), (128, 192), (256, 256), (64, 64)])
def test_a_picture_has_the_size_asked_for(width: int, height: int) -> None:
    kinds = {type(sample_scene(seed)): sample_scene(seed) for seed in range(40)}
    for scene in kinds.values():
        assert render(scene, width, height).size == (width, height)


def test_training_scenes_never_show_a_held_out_combination() -> None:
    shown = {thing for seed in range(4000) for thing in things(sample_scene(seed))}
    assert not [thing for thing in shown if is_held_out(thing)]


def test_the_held_out_split_shows_nothing_else() -> None:
    mix = Mix(single=1, pair=0, landscape=0, split="heldout")
    shown = {thing for seed in range(300) for thing in things(sample_scene(seed, mix))}
    assert len(shown) > 20
    assert all(is_held_out(thing) for thing in shown)


def test_every_object_is_drawn_inside_its_picture() -> None:
    for name in PAINTERS:
        picture = np.asarray(render(Single(Thing(name, "blue"), "large", "white"))).astype(int)
        border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert np.abs(border - border[0]).max() < 8, name
        assert np.abs(picture - border[0]).max() > 60, name


def test_the_first_object_of_a_pair_stands_where_the_relation_says() -> None:
    scene = Pair(Thing("circle", "red"), Thing("square", "blue"), "left", "white")
    picture = np.asarray(render(scene)).astype(int)
    redness = picture[:, :, 0] - picture[:, :, 2]
    assert redness[:, :64].max() > 100
    assert redness[:, 64:].max() < 20


def test_every_terrain_can_be_drawn_at_every_hour() -> None:
    scenes = [sample_scene(seed, Mix(single=0, pair=0, landscape=1)) for seed in range(60)]
    assert {scene.terrain for scene in scenes if isinstance(scene, Landscape)} >= {"hills", "sea", "city", "beach"}
    assert all(render(scene).size == (128, 128) for scene in scenes)
