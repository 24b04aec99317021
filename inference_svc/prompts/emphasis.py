"""What the weights of a prompt do to its encoded tokens."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeAlias

from array_api_compat import array_namespace, device

Array: TypeAlias = Any


class Emphasis(Enum):
    """How weights act. The values are the names that AUTOMATIC1111 shows."""

    ORIGINAL = "Original"  # multiply token vectors by their weights, then restore the chunk's mean
    NO_NORM = "No norm"  # multiply, and leave the mean as it comes out
    IGNORE = "Ignore"  # read the brackets, drop the weights
    NONE = "None"  # brackets are literal text


def apply_weights(hidden: Array, weights: Sequence[float], emphasis: Emphasis = Emphasis.ORIGINAL) -> Array:
    """Returns one chunk's hidden states (1, 77, D), each token's vector multiplied by its weight.

    With `ORIGINAL` the result is rescaled to the mean that it had before. A chunk of weights 1 comes back untouched,
    and a mean that cannot be restored (0, or beyond float range) is left as it is.
    """
    if emphasis in (Emphasis.IGNORE, Emphasis.NONE) or all(weight == 1.0 for weight in weights):
        return hidden
    xp = array_namespace(hidden)
    weighted = hidden * xp.asarray(weights, dtype=hidden.dtype, device=device(hidden))[None, :, None]
    if emphasis is Emphasis.NO_NORM:
        return weighted
    ratio = _ratio(float(xp.mean(hidden)), float(xp.mean(weighted)))
    largest = max(1.0, float(xp.max(xp.abs(weighted))))
    return weighted * ratio if abs(ratio) * largest <= float(xp.finfo(hidden.dtype).max) else weighted


def _ratio(mean_before: float, mean_after: float) -> float:
    return mean_before / mean_after if mean_after else 1.0
