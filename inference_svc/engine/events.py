"""What the engine tells a request's listener."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from latentwire.errors import LatentwireError


class Outcome(Enum):
    """How a request ended. Stopped is a success: its pictures are what there was."""

    SUCCEEDED = "succeeded"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RequestStats:
    """Where a request's time went, in seconds, and what it took.

    `queue_s`: until its first device work began. The other times follow each other without gap or overlap and include
    waiting: a time belongs to the kind of device work that ended it, upscaling to `decode_s`. `total_s` is their sum.
    `evaluations`: denoising rows; `mean_batch_rows`: rows of the batches that they ran in, 0 without any.
    """

    queue_s: float
    encode_s: float
    denoise_s: float
    decode_s: float
    total_s: float
    evaluations: int
    mean_batch_rows: float


@dataclass(frozen=True, slots=True)
class Started:
    """Its first picture was begun."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A pipeline's report. `picture` counts from 0 over all batches; `batch_rows`: of the picture's last evaluation."""

    batch: int
    picture: int
    event: object
    batch_rows: int


@dataclass(frozen=True, slots=True)
class PictureDone:
    """One picture's pipeline has ended well."""

    batch: int
    picture: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event. `error` is set exactly when cancelled or failed."""

    outcome: Outcome
    error: LatentwireError | None
    stats: RequestStats


EngineEvent: TypeAlias = Started | Reported | PictureDone | Finished
