"""Pictures as arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Pixels: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""(H, W, 3) uint8, RGB; where it is said, (H, W, 4) with transparency."""

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""(H, W) uint8: 255 is repainted, 0 is kept."""
