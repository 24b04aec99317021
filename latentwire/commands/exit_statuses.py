"""What a command's exit status says of its end; docs/command-line.md has the table for users."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from latentwire import errors

OK: Final = 0
FAILED: Final = 1
"""The server failed, or something that has no status of its own."""
WRONG: Final = 2
"""A wrong option or value; click's own status for that."""
UNAVAILABLE: Final = 3
REFUSED: Final = 4
NOT_FOUND: Final = 5
CONFLICT: Final = 6
"""Not in this state of the server."""
NOT_ALLOWED: Final = 7
OUT_OF_TIME: Final = 8
CANCELLED: Final = 9
"""By somebody else."""
INTERRUPTED: Final = 130
"""By Ctrl-C."""
TERMINATED: Final = 143
"""By SIGTERM."""

_NO_MODEL: Final = "MODEL_NOT_FOUND"

STATUSES: Mapping[type[errors.LatentwireError], int] = MappingProxyType(
    {
        errors.InvalidArgument: WRONG,
        errors.OutOfRange: WRONG,
        errors.FailedPrecondition: CONFLICT,
        errors.Unauthenticated: NOT_ALLOWED,
        errors.PermissionDenied: NOT_ALLOWED,
        errors.NotFound: NOT_FOUND,
        errors.AlreadyExists: CONFLICT,
        errors.Aborted: CONFLICT,
        errors.PayloadTooLarge: REFUSED,
        errors.QueueFull: REFUSED,
        errors.DeadlineUnreachable: REFUSED,
        errors.OutOfMemory: REFUSED,
        errors.Cancelled: CANCELLED,
        errors.Unimplemented: FAILED,
        errors.Unavailable: UNAVAILABLE,
        errors.DeadlineExceeded: OUT_OF_TIME,
        errors.Internal: FAILED,
    }
)
"""By error: every one of the table of errors has one."""


def exit_status(error: errors.LatentwireError) -> int:
    """The exit status for an error; a model that a request names and that is not there is not found."""
    return NOT_FOUND if error.reason == _NO_MODEL else STATUSES[type(error)]
