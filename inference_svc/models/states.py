"""Where a model stands, and which way it may go from there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType


class ModelState(Enum):
    """Where a model stands."""

    AVAILABLE = auto()  # on disk
    LOADING = auto()
    LOADED = auto()
    FAILED = auto()  # loading it failed; it may be tried again


_NEXT: Mapping[ModelState, frozenset[ModelState]] = MappingProxyType(
    {
        ModelState.AVAILABLE: frozenset({ModelState.LOADING}),
        ModelState.LOADING: frozenset({ModelState.LOADED, ModelState.FAILED}),
        ModelState.LOADED: frozenset({ModelState.AVAILABLE}),
        ModelState.FAILED: frozenset({ModelState.LOADING}),
    }
)


def moved(state: ModelState, to: ModelState) -> ModelState:
    """Returns `to`. Raises ValueError where a model in `state` can't go there."""
    if to not in _NEXT[state]:
        raise ValueError(f"a model can't go from {state.name} to {to.name}")
    return to
