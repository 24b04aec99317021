"""What happens to a generation, as typed events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from latentwire.client.pictures import GeneratedImage, PictureReader
from latentwire.client.requests import Format, ImageRequest
from latentwire.client.wire import read
from latentwire.v1 import generation_service_pb2 as g

Stage: TypeAlias = Literal["", "first_pass", "hires_pass", "decoding", "delivered"]
"""Where a picture stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a generation.

    `sequence`: from 1, ever upward; a gap shows what a slow reader has lost, or that another replica has taken over.
    """

    request_id: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Event):
    """It is accepted; `resolved` is the request with every default filled in, input pictures left out."""

    resolved: ImageRequest
    seeds: tuple[int, ...]
    subseeds: tuple[int, ...]
    model_digest: str
    warnings: tuple[str, ...]
    accept_time: datetime
    step_count: int
    infotext: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Event):
    """It waits: `position` generations go before it. `eta_s`: seconds until it starts, None when not measured."""

    position: int
    eta_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """Its first work runs."""

    start_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """Steps were done. `fraction`: of the whole generation, 0 to 1; `eta_s`: seconds until its end, None: unknown."""

    step: int
    step_count: int
    sigma: float
    batch_rows: int
    batch_index: int
    batch_count: int
    stage: Stage
    fraction: float
    eta_s: float | None
    resume_point: bytes | None = field(default=None, repr=False)
    pass_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(Event):
    """What picture `index` looks like after `step` steps."""

    data: bytes = field(repr=False)
    format: Format
    width: int
    height: int
    step: int
    preview_id: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDone(Event):
    """A picture is finished."""

    image: GeneratedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the time went, in seconds."""

    queue_s: float
    encode_s: float
    denoise_s: float
    decode_s: float
    total_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Event):
    """All is done: the last event. `stopped`: it was ended early by a stop, and this is what there was."""

    image_count: int
    stopped: bool
    timings: Timings
    evaluations: int
    mean_batch_rows: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reattached(Event):
    """The connection was lost and is there again: the client's own event. What follows comes after `sequence`."""

    lost: str


AnyEvent: TypeAlias = Accepted | Queued | Started | Progress | Preview | ImageDone | Completed | Reattached
"""Every kind of event, for `match`."""

_KINDS = {
    "accepted": Accepted,
    "queued": Queued,
    "started": Started,
    "progress": Progress,
    "preview": Preview,
    "completed": Completed,
}


class EventReader:
    """Reads the events of one stream, whose pictures come in parts."""

    def __init__(self) -> None:
        self._pictures = PictureReader()

    def read(self, response: g.GenerateImageResponse) -> Iterator[AnyEvent]:
        """Yields the event of a message: none while a picture is on its way, or for a kind that is not known here."""
        kind = response.WhichOneof("event")
        origin = {"request_id": response.request_id, "sequence": response.sequence}
        if kind == "image":
            if image := self._pictures.take(response.image):
                yield ImageDone(image=image, request_id=response.request_id, sequence=response.sequence)
        elif kind in _KINDS:
            yield read(getattr(response, kind), _KINDS[kind], **origin)
