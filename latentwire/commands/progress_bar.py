"""How far a generation is, on a terminal: a bar on standard error, which leaves nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from latentwire.client import AnyEvent, ImageDone, Progress, Queued, Reattached, Started
from latentwire.commands.plain import span


@contextmanager
def progress_bar(picture_count: int) -> Iterator[Callable[[AnyEvent], None]]:
    """What to tell the events to; where standard error is no terminal nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda event: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    looks = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[left]}"))
    told = Told(picture_count)
    with Bar(*looks, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(told.words, total=1.0, left="")

        def show(event: AnyEvent) -> None:
            told.take(event)
            bar.update(task, description=told.words, completed=told.fraction, left=told.left)

        yield show


class Told:
    """What the bar says: how far it is, 0 to 1, where that is, and how long it will take."""

    def __init__(self, picture_count: int) -> None:
        self._picture_count, self._done = picture_count, 0
        self.words, self.left, self.fraction = "asking", "", 0.0

    def take(self, event: AnyEvent) -> None:
        """Takes the next event."""
        match event:
            case Queued():
                self.words = f"waiting, {event.position} before it"
                self.left = f"begins in {span(event.eta_s)}" if event.eta_s is not None else ""
            case Started():
                self.words, self.left = self._pictures("reading the prompt"), ""
            case Progress():
                self.fraction = event.fraction
                self.words = self._pictures(f"{_pass(event)}step {event.step} of {event.step_count}")
                self.left = f"{span(event.eta_s)} left" if event.eta_s is not None else ""
            case ImageDone() if event.image.kind == "result":
                self._done += 1
                self.words = self._pictures("finishing")
            case Reattached():
                self.words = self._pictures("connected again")
            case _:
                pass

    def _pictures(self, what: str) -> str:
        return f"{self._done} of {self._picture_count} pictures, {what}" if self._picture_count > 1 else what


def _pass(event: Progress) -> str:
    return "second pass, " if event.stage == "hires_pass" else ""
