"""Limits that several fields share."""

from __future__ import annotations

LARGEST_SIDE = 2048
"""Of what is made, in pixels."""

MOST_HELD_BYTES = 4 * 2**30
"""Of pixels that one request may need beside the device at a time."""

LONGEST_PROMPT = 65_536
"""In characters."""
