from __future__ import annotations

import numpy as np
import pytest

from tools.flatland.interval import share
from tools.flatland.judge import judge
from tools.flatland.render import render
from tools.flatland.scene import Single, Thing
from tools.flatland.tasks import ceiling, pair_tasks, single_tasks


@pytest.mark.parametrize("name", ["circle", "square", "hexagon", "house", "cat"])
def test_the_judge_names_what_a_true_render_shows(name: str) -> None:
    picture = np.asarray(render(Single(Thing(name, "red"), "large", "white", (0.02, -0.01))))
    verdict = judge(picture)
    assert (verdict.thing, verdict.background) == (Thing(name, "red"), "white")


def test_a_task_says_what_its_scene_shows() -> None:
    for task in (*single_tasks(20, "heldout", 5), *pair_tasks(20, 5)):
        assert task.scene.background.replace("navy", "dark blue") in task.prompt


def test_a_true_pair_gets_full_marks() -> None:
    tasks = [task for task in pair_tasks(30, 5) if task.scene.background == "white"]
    assert all(marks["all"] for marks in ceiling(tasks))


def test_a_wilson_interval_matches_a_known_value() -> None:
    actual = share([True] * 81 + [False] * 182)
    assert (round(actual.low, 3), round(actual.high, 3)) == (0.255, 0.366)
