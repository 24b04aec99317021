"""What the bar says."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime

import pytest

from latentwire.client import AnyEvent, GeneratedImage, ImageDone, Progress, Queued, Reattached, Started
from latentwire.commands.progress_bar import Told, progress_bar

STARTED = Started(start_time=datetime(2030, 1, 1, tzinfo=UTC))
IMAGE = GeneratedImage(b"", "png", 8, 8, 7, 0, "", 0, "result")


def progress(**other: object) -> Progress:
    usual: dict[str, object] = {
        "step": 3, "step_count": 20, "sigma": 1.0, "batch_rows": 2, "batch_index": 0, "batch_count": 1,
        "stage": "first_pass", "fraction": 0.15, "eta_s": 72.0,
    }  # fmt: skip
    return Progress(**{**usual, **other})  # type: ignore[arg-type]  # checked by what is asserted


@pytest.mark.parametrize(
    ("event", "words", "left"),
    [
        (Queued(position=3, eta_s=None), "waiting, 3 before it", ""),
        (Queued(position=0, eta_s=5.0), "waiting, 0 before it", "begins in 5 s"),
        (STARTED, "reading the prompt", ""),
        (progress(), "step 3 of 20", "1:12 left"),
        (progress(stage="hires_pass", eta_s=None), "second pass, step 3 of 20", ""),
        (Reattached(lost="cut off"), "connected again", ""),
        (ImageDone(image=IMAGE), "finishing", ""),
    ],
)
def test_each_event_is_said_in_words(event: AnyEvent, words: str, left: str) -> None:
    told = Told(1)
    told.take(event)
    assert (told.words, told.left) == (words, left)


def test_of_several_pictures_it_says_how_many_are_done() -> None:
    told = Told(4)
    for event in (progress(), ImageDone(image=IMAGE), progress(fraction=0.6)):
        told.take(event)
    assert (told.words, told.fraction) == ("1 of 4 pictures, step 3 of 20", 0.6)


def test_nothing_is_shown_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(1) as show:
        show(progress())
    assert capsys.readouterr() == ("", "")


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_is_drawn_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(2) as show:
        show(progress())
    assert "0 of 2 pictures, step 3 of 20" in screen.getvalue()
    assert "15%" in screen.getvalue()
