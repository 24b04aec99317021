"""When the process ends because a client asks for it, and what its exit status then says."""

from __future__ import annotations

import os
from collections.abc import Callable

from latentwire.ending import KILL_STATUS, RESTART_STATUS, STOP_STATUS


class Lifetime:
    """The end of one gateway. Whoever runs the server says how it is stopped."""

    def __init__(
        self, stop: Callable[[], None], *, supervised: bool, exit_now: Callable[[int], None] = os._exit
    ) -> None:
        self._stop, self._exit_now = stop, exit_now
        self._supervised = supervised
        self._status = 0

    @property
    def status(self) -> int:
        """What the process ends with: 0, or under `latentwire serve` what was asked for."""
        return self._status if self._supervised else 0

    @property
    def can_restart(self) -> bool:
        """Whether somebody is there to start it again."""
        return self._supervised

    def stop(self) -> None:
        """Finishes what runs, then ends."""
        self._end(STOP_STATUS)

    def restart(self) -> None:
        """Finishes what runs, then ends and is started again."""
        self._end(RESTART_STATUS)

    def kill(self) -> None:
        """Ends at once."""
        self._status = KILL_STATUS
        self._exit_now(self.status)

    def _end(self, status: int) -> None:
        self._status = status
        self._stop()
