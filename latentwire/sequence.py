"""How far the numbers of a generation's events go."""

from __future__ import annotations

from typing import Final

LAST_SEQUENCE: Final = 10**15
"""No event is asked for beyond it; well within what JSON's numbers hold."""
