"""What happens, as messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from inference_svc.engine import RequestStats
from inference_svc.rpc.conversion.seeds import signed
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

Response = TypeVar("Response")


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A finished picture as it is sent."""

    index: int
    data: bytes
    format: t.ImageFormat.ValueType
    width: int
    height: int
    seed: int
    subseed: int
    infotext: str
    kind: t.ImageKind.ValueType = t.IMAGE_KIND_RESULT


def duration(seconds: float | None) -> Duration | None:
    """Returns seconds as a message; None stays None, which leaves a field unset."""
    if seconds is None:
        return None
    message = Duration()
    message.FromMicroseconds(round(max(seconds, 0.0) * 1e6))
    return message


def timestamp(seconds: float | None) -> Timestamp | None:
    """Returns seconds since 1970 as a message; None stays None."""
    if seconds is None:
        return None
    message = Timestamp()
    message.FromMicroseconds(round(seconds * 1e6))
    return message


def queued(position: int, eta_s: float | None) -> g.GenerateImageResponse:
    """It waits."""
    return g.GenerateImageResponse(queued=g.Queued(position=position, eta=duration(eta_s)))


def started(start_time: float | None) -> g.GenerateImageResponse:
    """Its first work runs."""
    return g.GenerateImageResponse(started=g.Started(start_time=timestamp(start_time)))


def chunks(picture: EncodedPicture, chunk_bytes: int, make: Callable[..., Response]) -> Iterator[Response]:
    """Yields a picture in parts of at most `chunk_bytes`; the infotext is in the last.

    `make`: what makes a response of its field `image`, which is given as a dict: a message would be copied.
    """
    total = len(picture.data)
    for offset in range(0, max(total, 1), chunk_bytes):
        last = offset + chunk_bytes >= total
        yield make(
            image={
                "index": picture.index,
                "offset": offset,
                "last": last,
                "data": picture.data[offset : offset + chunk_bytes],
                "format": picture.format,
                "width": picture.width,
                "height": picture.height,
                "seed": signed(picture.seed),
                "subseed": signed(picture.subseed),
                "infotext": picture.infotext if last else "",
                "total_bytes": total,
                "kind": picture.kind,
            }
        )


def completed(
    stats: RequestStats, *, image_count: int, stopped: bool, warnings: Sequence[str] = ()
) -> g.GenerateImageResponse:
    """All is done."""
    return g.GenerateImageResponse(
        completed=g.Completed(
            image_count=image_count,
            stopped=stopped,
            timings=timings(stats),
            evaluations=stats.evaluations,
            mean_batch_rows=stats.mean_batch_rows,
            warnings=warnings,
        )
    )


def timings(stats: RequestStats) -> t.Timings:
    """Where the time went."""
    return t.Timings(
        queue=duration(stats.queue_s),
        encode=duration(stats.encode_s),
        denoise=duration(stats.denoise_s),
        decode=duration(stats.decode_s),
        total=duration(stats.total_s),
    )
