from __future__ import annotations

import numpy as np
import pytest

from tools.flatland.draw_scene import Mix, only, sample_scene
from tools.flatland.painters import PAINTERS
from tools.flatland.palette import COLOURS
from tools.flatland.render import render
from tools.flatland.scene import (
    FLYING,
    LOOKS,
    Group,
    Landscape,
    Pair,
    Row,
    Single,
    Thing,
    is_held_out,
    things_of,
)


def test_a_seed_always_gives_the_same_picture() -> None:
    for seed in range(12):
        first, second = (np.asarray(render(sample_scene(seed))) for _ in range(2))
        assert np.array_equal(first, second)


def test_seeds_give_different_pictures() -> None:
    pictures = {render(sample_scene(seed)).tobytes() for seed in range(30)}
    assert len(pictures) == 30


@pytest.mark.parametrize(("width", "height"), [(192, 128), (128, 192), (256, 256), (64, 64), (72, 200)])
def test_a_picture_has_the_size_asked_for(width: int, height: int) -> None:
    kinds = {type(sample_scene(seed)): sample_scene(seed) for seed in range(60)}
    assert kinds.keys() == {Single, Pair, Group, Row, Landscape}
    for scene in kinds.values():
        assert render(scene, width, height).size == (width, height)


def test_training_scenes_never_show_a_held_out_combination() -> None:
    shown = {thing for seed in range(4000) for thing in things_of(sample_scene(seed))}
    assert not [thing for thing in shown if is_held_out(thing)]


@pytest.mark.parametrize("kind", ["single", "pair", "group", "row"])
def test_the_held_out_split_shows_nothing_else(kind: str) -> None:
    shown = {thing for seed in range(300) for thing in things_of(sample_scene(seed, only(kind, "heldout")))}
    assert len(shown) > 20
    assert all(is_held_out(thing) for thing in shown)


def test_a_kind_of_scene_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="portrait"):
        only("portrait")


def test_about_a_thirteenth_of_all_combinations_is_held_out() -> None:
    combinations = [Thing(name, colour) for name in PAINTERS for colour in COLOURS]
    assert 0.06 < sum(map(is_held_out, combinations)) / len(combinations) < 0.09


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


def test_what_stands_in_front_hides_a_part_of_what_stands_behind() -> None:
    def blue_area(front: str, behind: str) -> int:
        scene = Pair(Thing("square", front), Thing("square", behind), "front", "white")
        picture = np.asarray(render(scene)).astype(int)
        return int((picture[:, :, 2] - picture[:, :, 0] > 100).sum())

    behind_px, front_px = 2 * 0.85 * 0.28 * 128, 2 * 0.85 * 0.23 * 128
    assert 0.8 * behind_px**2 < blue_area("red", "blue") < 0.95 * behind_px**2
    assert blue_area("blue", "red") == pytest.approx(front_px**2, rel=0.05)


@pytest.mark.parametrize("count", [2, 3])
def test_a_group_shows_its_object_as_often_as_it_says(count: int) -> None:
    picture = np.asarray(render(Group(Thing("circle", "red"), count, "white"))).astype(int)
    filled = (picture[64, :, 0] - picture[64, :, 2] > 100).astype(int)
    assert int((np.diff(filled) == 1).sum()) == count


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_changes_the_pixels_and_not_the_size(look: str) -> None:
    thing = Thing("house", "red")
    plain = render(Single(thing, "large", "white"), 128, 96)
    picture = render(Single(thing, "large", "white", look=look), 128, 96)  # type: ignore[arg-type]
    assert picture.size == plain.size
    assert (picture.tobytes() == plain.tobytes()) == (look == "flat")


def test_pixel_art_is_made_of_blocks() -> None:
    picture = np.asarray(render(Single(Thing("cat", "orange"), "large", "white", look="pixel")))
    blocks = picture.reshape(32, 4, 32, 4, 3)
    assert np.array_equal(blocks, np.broadcast_to(blocks[:, :1, :, :1], blocks.shape))


def test_every_terrain_can_be_drawn_at_every_hour() -> None:
    scenes = [sample_scene(seed, only("landscape")) for seed in range(90)]
    terrains = {scene.terrain for scene in scenes if isinstance(scene, Landscape)}
    assert terrains >= {"hills", "sea", "city", "beach", "space", "snow"}
    assert all(render(scene).size == (128, 128) for scene in scenes)


def test_a_companion_is_of_another_kind_and_moves_in_the_same_element() -> None:
    scenes = [sample_scene(seed, Mix(single=0, pair=0, group=0, row=0, landscape=1)) for seed in range(600)]
    pairs = [(s.subject, s.companion) for s in scenes if isinstance(s, Landscape) and s.companion and s.subject]
    assert len(pairs) > 40
    assert all(one.name != two.name and (one.name in FLYING) == (two.name in FLYING) for one, two in pairs)
