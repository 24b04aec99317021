"""Waiting for a server, one look after the other. Nothing here does I/O."""

from __future__ import annotations

from latentwire.client.retrying import Deadline
from latentwire.errors import DeadlineExceeded, LatentwireError, Unavailable

_ONE_LOOK_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0


class Readiness:
    """How often to look, and when to give up."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._pause_s = _FIRST_PAUSE_S

    def patience_s(self) -> float:
        """How long the next look may take."""
        left_s = self._deadline.left_s()
        return _ONE_LOOK_S if left_s is None else min(_ONE_LOOK_S, max(left_s, _FIRST_PAUSE_S))

    def failed(self, error: LatentwireError) -> float:
        """Seconds until the next look. Raises Unavailable when time is up, and the error where waiting can't help."""
        if not isinstance(error, Unavailable | DeadlineExceeded):
            raise error
        pause_s = self._pause_s
        if not self._deadline.allows(pause_s):
            raise Unavailable(f"not ready in time: {error.message}", reason="NOT_READY")
        self._pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return pause_s
