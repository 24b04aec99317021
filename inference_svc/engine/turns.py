"""Taking turns in a set proportion."""

from __future__ import annotations


class Turns:
    """Says whose turn it is: False for the one, True for the other, `share` of the time, evenly spread."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._credit = 0.0

    def next(self) -> bool:
        """Returns the next turn; with a share of one half it alternates, False first."""
        self._credit += self._share
        if self._credit < 1:
            return False
        self._credit -= 1
        return True
