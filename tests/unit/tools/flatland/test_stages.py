from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.flatland import __main__ as stages


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that were started, in order, with every mark in a folder of the test's own."""
    modules: list[str] = []

    def start(command: list[str], **_: Any) -> None:
        modules.append(command[2].removeprefix("tools.flatland."))

    monkeypatch.setattr(stages, "FOLDER", tmp_path)
    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr("sys.argv", ["flatland"])
    return modules


def test_a_finished_run_has_nothing_left_to_do(ran: list[str]) -> None:
    stages.main()
    assert ran == [stage.module for stage in stages.STAGES]
    ran.clear()
    stages.main()
    assert ran == []


def test_after_a_denoiser_that_was_trained_on_comes_all_that_is_made_of_it(ran: list[str], tmp_path: Path) -> None:
    stages.main()
    ran.clear()
    (tmp_path / "denoiser.done").unlink()
    stages.main()
    assert ran == ["train_unet", "distil", "trained", "extras", "evaluate", "card"]
