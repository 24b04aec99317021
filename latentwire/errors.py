"""The one error table: domain error, gRPC code, reason, HTTP status.

Domain code raises these; `latentwire.status` turns them into a `google.rpc.Status` and back. This module imports
neither grpc nor protobuf, so that any layer may use it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

DOMAIN = "latentwire"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One invalid field: its path in the request, and what is wrong with which value, and the range allowed."""

    field: str
    description: str


class LatentwireError(Exception):
    """Any error that a caller is told about.

    `code` is the name of a gRPC status code, `http_status` what REST answers, `reason` a stable word for programs
    (google.rpc.ErrorInfo.reason). `retry_after_s` is set only where coming back later can help.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    default_reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        violations: Sequence[FieldViolation] = (),
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.violations = tuple(violations)
        self.retry_after_s = retry_after_s
        self.metadata: Mapping[str, str] = MappingProxyType(dict(metadata or {}))


class Internal(LatentwireError):
    """A defect of ours: logged with its traceback, answered without."""


class InvalidArgument(LatentwireError, ValueError):
    """A field holds what it must not hold, whatever the server's state."""

    code = "INVALID_ARGUMENT"
    http_status = 400
    default_reason = "INVALID_ARGUMENT"

    @classmethod
    def of(cls, field: str, value: object, allowed: str) -> InvalidArgument:
        """Names the field, the value and the range allowed: `of("steps", 0, "1 to 150")`."""
        description = f"{_short(value)} is not allowed; allowed: {allowed}"
        return cls(f"{field}: {description}", violations=(FieldViolation(field, description),))

    @classmethod
    def join(cls, violations: Sequence[FieldViolation]) -> InvalidArgument:
        """All that is wrong with a request, in one error."""
        return cls("; ".join(f"{v.field}: {v.description}" for v in violations), violations=violations)


class OutOfRange(LatentwireError):
    """A position lies outside of what exists now."""

    code = "OUT_OF_RANGE"
    http_status = 400
    default_reason = "OUT_OF_RANGE"


class FailedPrecondition(LatentwireError):
    """The request is sound, but not in this state of the server (MODEL_NOT_INSTALLED, MODEL_MISMATCH, …)."""

    code = "FAILED_PRECONDITION"
    http_status = 400
    default_reason = "FAILED_PRECONDITION"


class Unauthenticated(LatentwireError):
    """No credentials, or wrong ones."""

    code = "UNAUTHENTICATED"
    http_status = 401
    default_reason = "UNAUTHENTICATED"


class PermissionDenied(LatentwireError):
    """Known, but not allowed."""

    code = "PERMISSION_DENIED"
    http_status = 403
    default_reason = "PERMISSION_DENIED"


class NotFound(LatentwireError):
    """Nothing has that name (MODEL_NOT_FOUND, GENERATION_NOT_FOUND, …)."""

    code = "NOT_FOUND"
    http_status = 404
    default_reason = "NOT_FOUND"


class AlreadyExists(LatentwireError):
    """The id is in use; `metadata["state"]` says by what."""

    code = "ALREADY_EXISTS"
    http_status = 409
    default_reason = "ALREADY_EXISTS"


class Aborted(LatentwireError):
    """Ended by somebody's decision, such as a stopped task (TASK_STOPPED)."""

    code = "ABORTED"
    http_status = 409
    default_reason = "ABORTED"


class PayloadTooLarge(LatentwireError):
    """The message is larger than the server takes."""

    code = "RESOURCE_EXHAUSTED"
    http_status = 413
    default_reason = "MESSAGE_TOO_LARGE"


class QueueFull(LatentwireError):
    """Refused at once: as many requests wait as may. Carries when to come back."""

    code = "RESOURCE_EXHAUSTED"
    http_status = 429
    default_reason = "QUEUE_FULL"


class DeadlineUnreachable(LatentwireError):
    """Refused at once: by what was measured, the deadline would pass before the end."""

    code = "RESOURCE_EXHAUSTED"
    http_status = 429
    default_reason = "DEADLINE_UNREACHABLE"


class OutOfMemory(LatentwireError):
    """The device has not enough memory for this request. Trying again does not help."""

    code = "RESOURCE_EXHAUSTED"
    http_status = 503
    default_reason = "OUT_OF_MEMORY"


class Cancelled(LatentwireError):
    """Cancelled by its client, or by CancelGeneration."""

    code = "CANCELLED"
    http_status = 499
    default_reason = "CANCELLED"


class Unimplemented(LatentwireError):
    """This server does not do that yet."""

    code = "UNIMPLEMENTED"
    http_status = 501
    default_reason = "UNIMPLEMENTED"


class Unavailable(LatentwireError):
    """Another try can cure it: MODEL_LOADING, DRAINING, CONNECTION_LOST."""

    code = "UNAVAILABLE"
    http_status = 503
    default_reason = "UNAVAILABLE"


class DeadlineExceeded(LatentwireError):
    """The deadline passed before the end."""

    code = "DEADLINE_EXCEEDED"
    http_status = 504
    default_reason = "DEADLINE_EXCEEDED"


ERRORS: tuple[type[LatentwireError], ...] = (
    InvalidArgument,
    OutOfRange,
    FailedPrecondition,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    Aborted,
    PayloadTooLarge,
    QueueFull,
    DeadlineUnreachable,
    OutOfMemory,
    Cancelled,
    Unimplemented,
    Unavailable,
    DeadlineExceeded,
    Internal,
)

_BY_REASON = {kind.default_reason: kind for kind in ERRORS}
_BY_CODE = {kind.code: kind for kind in reversed(ERRORS)}


def error_class(code: str, reason: str) -> type[LatentwireError]:
    """The class for a gRPC code name and an ErrorInfo reason.

    The reason decides where its class has that code; a RESOURCE_EXHAUSTED without a known reason is what grpc itself
    raises for a message over the size limit.
    """
    kind = _BY_REASON.get(reason)
    if kind is not None and kind.code == code:
        return kind
    return _BY_CODE.get(code, Internal)


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
