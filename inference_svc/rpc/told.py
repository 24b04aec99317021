"""What callers are told of an error."""

from __future__ import annotations

from latentwire.errors import Internal, LatentwireError


def told(error: LatentwireError) -> LatentwireError:
    """Returns the error, or in place of a defect of ours one that gives nothing away."""
    return Internal("internal error; the server's log has the details") if isinstance(error, Internal) else error
