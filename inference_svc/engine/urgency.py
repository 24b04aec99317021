"""When a deadline is near enough to outrank others."""

from __future__ import annotations

_MARGIN = 3.0


def is_urgent(left_s: float | None, pace_s: float | None, rows: int) -> bool:
    """Tells whether less than three times what the rows take is left. Never without a deadline, or unmeasured."""
    return left_s is not None and pace_s is not None and left_s < _MARGIN * pace_s * rows
