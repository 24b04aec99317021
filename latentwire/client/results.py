"""What a generation has come to."""

from __future__ import annotations

from dataclasses import dataclass

from latentwire.client.events import Accepted, AnyEvent, Completed, ImageDone, Reattached, Timings
from latentwire.client.pictures import GeneratedImage, Kind
from latentwire.errors import Internal


@dataclass(frozen=True, slots=True)
class Result:
    """A finished generation: its pictures in the order of their seeds, how it was understood, where the time went."""

    images: tuple[GeneratedImage, ...]
    accepted: Accepted
    completed: Completed
    masks: tuple[GeneratedImage, ...] = ()
    composites: tuple[GeneratedImage, ...] = ()
    reattached_count: int = 0

    @property
    def request_id(self) -> str:
        """The generation's id."""
        return self.accepted.request_id

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of every picture."""
        return tuple(image.seed for image in self.images)

    @property
    def infotexts(self) -> tuple[str, ...]:
        """The generation parameters of every picture, as text."""
        return tuple(image.infotext for image in self.images)

    @property
    def timings(self) -> Timings:
        """Where the time went, in seconds."""
        return self.completed.timings

    @property
    def stopped(self) -> bool:
        """Whether it was ended early by a stop."""
        return self.completed.stopped

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was changed or ignored, in words."""
        return (*self.accepted.warnings, *self.completed.warnings)


class Collector:
    """Makes a result of events."""

    def __init__(self) -> None:
        self._accepted: Accepted | None = None
        self._completed: Completed | None = None
        self._images: list[GeneratedImage] = []
        self._reattached_count = 0

    def take(self, event: AnyEvent) -> None:
        """Takes the next event."""
        match event:
            case Accepted():
                self._accepted = event
            case ImageDone():
                self._images.append(event.image)
            case Completed():
                self._completed = event
            case Reattached():
                self._reattached_count += 1
            case _:
                pass

    def result(self) -> Result:
        """Returns the result, once all events are taken. Raises Internal where the first or the last was not there."""
        if self._accepted is None or self._completed is None:
            raise Internal("the stream of events had no beginning or no end")
        return Result(
            images=self._of("result"),
            accepted=self._accepted,
            completed=self._completed,
            masks=self._of("mask"),
            composites=self._of("mask_composite"),
            reattached_count=self._reattached_count,
        )

    def _of(self, kind: Kind) -> tuple[GeneratedImage, ...]:
        return tuple(sorted((image for image in self._images if image.kind == kind), key=lambda image: image.index))
