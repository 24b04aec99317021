from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFilter

from tools.flatland.counting import counted
from tools.flatland.interval import share
from tools.flatland.judge import foreground, judge
from tools.flatland.marks import mark
from tools.flatland.render import render
from tools.flatland.scene import Group, Landscape, Pair, Row, Single, Thing
from tools.flatland.tasks import Task, ceiling, prompt_of, tasks_of


@pytest.mark.parametrize("name", ["circle", "square", "hexagon", "house", "cat"])
def test_the_judge_names_what_a_true_render_shows(name: str) -> None:
    picture = np.asarray(render(Single(Thing(name, "red"), "large", "white", (0.02, -0.01))))
    verdict = judge(picture)
    assert (verdict.thing, verdict.background) == (Thing(name, "red"), "white")


RED_CAT, BLUE_CAR, PINK_TREE = Thing("cat", "red"), Thing("car", "blue"), Thing("tree", "pink")


@pytest.mark.parametrize("kind", ["single", "pair", "group", "row"])
def test_a_task_says_what_its_scene_shows(kind: str) -> None:
    for task in tasks_of(kind, 20, 5):
        assert not isinstance(task.scene, Landscape)
        assert task.scene.background.replace("navy", "dark blue") in task.prompt


def test_prompts_read_as_people_write() -> None:
    scenes = (
        Group(Thing("butterfly", "pink"), 3, "navy"),
        Pair(RED_CAT, Thing("apple", "orange"), "front", "white"),
        Row((RED_CAT, BLUE_CAR, PINK_TREE), "gray"),
    )
    assert [prompt_of(scene) for scene in scenes] == [
        "three pink butterflies on a dark blue background",
        "a red cat in front of an orange apple on a white background",
        "a red cat, a blue car and a pink tree on a gray background",
    ]


@pytest.mark.parametrize(
    "scene",
    [
        Single(RED_CAT, "medium", "white"),
        Pair(RED_CAT, BLUE_CAR, "below", "white"),
        Group(RED_CAT, 3, "white"),
        Row((RED_CAT, BLUE_CAR, PINK_TREE), "white"),
    ],
)
def test_a_true_render_gets_full_marks(scene: Single | Pair | Group | Row) -> None:
    assert all(ceiling([Task(scene, "")])[0].values())


@pytest.mark.parametrize(("shown", "asked"), [(2, 3), (3, 2)])
def test_a_wrong_number_is_miscounted(shown: int, asked: int) -> None:
    picture = np.asarray(render(Group(RED_CAT, shown, "white")))
    assert mark(Group(RED_CAT, asked, "white"), picture)["count"] is False


def test_one_object_is_not_taken_for_several() -> None:
    picture = np.asarray(render(Single(RED_CAT, "large", "white")))
    assert [mark(Group(RED_CAT, count, "white"), picture)["count"] for count in (2, 3)] == [False, False]


@pytest.mark.parametrize("name", ["boat", "cat", "whale"])
@pytest.mark.parametrize("count", [2, 3])
def test_objects_that_touch_are_counted(name: str, count: int) -> None:
    sharp = render(Group(Thing(name, "blue"), count, "white"))
    touching = sharp.filter(ImageFilter.MinFilter(7)).filter(ImageFilter.GaussianBlur(1))
    assert foreground(np.asarray(touching)).any(axis=0).sum() > 0.9 * touching.width
    assert counted(np.asarray(touching)) == count


@pytest.mark.parametrize("count", [4, 5])
def test_more_than_the_world_has_are_too_many(count: int) -> None:
    one = np.asarray(render(Single(RED_CAT, "large", "white"), 64, 64))
    assert counted(np.concatenate([one] * count, axis=1)) == count


def test_a_gap_is_not_counted() -> None:
    picture = np.asarray(render(Group(RED_CAT, 3, "white"))).copy()
    picture[:, 44:84] = picture[0, 0]
    assert counted(picture) == 2


@pytest.mark.parametrize("count", [2, 3])
def test_a_stray_pixel_changes_nothing(count: int) -> None:
    picture = np.asarray(render(Group(RED_CAT, count, "white"))).copy()
    picture[0, 0] = 90
    assert all(mark(Group(RED_CAT, count, "white"), picture).values())


def test_objects_that_stand_aside_are_cut_between_them() -> None:
    picture = np.asarray(render(Group(RED_CAT, 3, "white"))).copy()
    picture[:, 84:] = picture[0, 0]
    assert all(mark(Group(RED_CAT, 2, "white"), picture).values())


@pytest.mark.parametrize("scene", [Single(RED_CAT, "small", "white"), Group(RED_CAT, 3, "white")])
def test_a_hairline_and_a_tiny_picture_are_judged(scene: Single | Group) -> None:
    hairline = np.full((128, 128, 3), 250, np.uint8)
    hairline[np.arange(128), np.arange(128)] = 90
    noise = np.random.default_rng(0).integers(0, 256, (3, 20, 3), np.uint8)
    assert [mark(scene, picture)["all"] for picture in (hairline, noise, noise.swapaxes(0, 1))] == [False] * 3


def test_exchanged_objects_break_the_relation() -> None:
    picture = np.asarray(render(Pair(BLUE_CAR, RED_CAT, "left", "white")))
    marks = mark(Pair(RED_CAT, BLUE_CAR, "left", "white"), picture)
    assert (marks["relation"], marks["all"], marks["background"]) == (False, False, True)


def test_an_empty_picture_shows_no_group() -> None:
    picture = np.full((128, 128, 3), 250, np.uint8)
    assert not any(mark(Group(RED_CAT, 2, "white"), picture).values())


def test_a_landscape_is_not_judged() -> None:
    with pytest.raises(ValueError, match="landscape"):
        mark(Landscape("sea", "day", "clear", None, 1), np.zeros((8, 8, 3), np.uint8))


def test_a_wilson_interval_matches_a_known_value() -> None:
    actual = share([True] * 81 + [False] * 182)
    assert (round(actual.low, 3), round(actual.high, 3)) == (0.255, 0.366)
