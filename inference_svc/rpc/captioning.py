"""What the servicers need of whoever can say what a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Description:
    """What a picture shows: in words, and as labels with a confidence from 0 to 1."""

    caption: str
    tags: Sequence[tuple[str, float]] = ()


class Captioner(Protocol):
    """A model that describes pictures. Called on the event loop's thread; must not block it."""

    @property
    def models(self) -> Sequence[str]:
        """Names of what is installed, the default first."""
        ...

    async def describe(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], model: str) -> Description:
        """Describes pixels (H, W, 3) with one of `models`. Raises OutOfMemory."""
        ...
