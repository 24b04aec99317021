"""Limits that several fields share."""

from __future__ import annotations

LARGEST_SIDE = 2048
"""Of what is made, in pixels."""

LONGEST_PROMPT = 65_536
"""In characters."""
