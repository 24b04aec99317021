"""Numbers that the networks share with whoever feeds them."""

from __future__ import annotations

SCALING_FACTOR = 0.18215
TOKEN_COUNT = 77
TEXT_WIDTH = 96
