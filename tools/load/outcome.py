"""What became of a request: an expected refusal is told from a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from latentwire.errors import LatentwireError

_COME_BACK = frozenset({429, 503})
_WORDS_KEPT = 200


class Outcome(StrEnum):
    """Only FAILED is a fault of the service."""

    DONE = "done"
    GIVEN_UP = "given up"
    """Ended early, as its client wanted."""
    REFUSED = "refused"
    """Told to come back, and when: a full queue, a deadline that can't be met, a model that is loading."""
    REJECTED = "rejected"
    """A bad request, told so."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome; of a failure its kind, to be counted by, and its words; of a refusal when to come back."""

    outcome: Outcome
    kind: str = ""
    words: str = ""
    retry_after_s: float = 0.0
    pictures: int = 0


def failed(kind: str, words: object = "") -> Result:
    """A failure; the words are cut."""
    return Result(Outcome.FAILED, kind, str(words)[:_WORDS_KEPT])


def of_status(
    status: int, headers: Mapping[str, str], words: object, wanted: Mapping[int, Outcome], *, pictures: int = 0
) -> Result:
    """What an HTTP answer means to a client that wanted one of these statuses. Header names are in lower case."""
    if status in wanted:
        return Result(wanted[status], pictures=pictures)
    if status in _COME_BACK and headers.get("retry-after", "").isdecimal():
        return Result(Outcome.REFUSED, retry_after_s=float(headers["retry-after"]))
    return failed(f"status {status}", words)


def of_error(error: LatentwireError, wanted: Mapping[str, Outcome]) -> Result:
    """What a failed call means to a client that wanted one of these codes. A lost connection is always a failure."""
    if error.reason == "CONNECTION_LOST":
        return failed(error.reason, error.message)
    if error.code in wanted:
        return Result(wanted[error.code])
    if error.retry_after_s is not None and error.http_status in _COME_BACK:
        return Result(Outcome.REFUSED, retry_after_s=error.retry_after_s)
    return failed(f"{error.code} {error.reason}", error.message)
