"""Exit statuses by which a gateway tells `latentwire serve` that a client has asked for its end."""

from __future__ import annotations

from typing import Final

STOP_STATUS: Final = 80
"""In order: what runs was finished."""
RESTART_STATUS: Final = 81
"""In order, and to begin again."""
KILL_STATUS: Final = 82
"""At once."""
