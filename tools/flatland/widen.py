"""A wider network that computes what a narrower one does, to go on training from it (Chen et al. 2015, Net2Net)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def widened(narrow: Weights, wide: Weights, *, unrest: float = 0.0) -> dict[str, Tensor]:
    """Returns weights of the shapes of `wide` that compute what `narrow` computes.

    Every channel stands as often as the width has grown, next to its copies, so that the groups of a group
    normalisation keep their mean and variance; whoever reads them takes an equal part of each. `unrest` is the
    deviation of a factor on each weight that reads copies, so that they come to differ: 0 keeps the function.
    The width of an attention must stay, since its scale hangs on it. Raises ValueError where a width is not a whole
    multiple.
    """
    return {name: _fit(name, narrow[name], like, unrest) for name, like in wide.items()}


def _fit(name: str, weight: Tensor, like: Tensor, unrest: float) -> Tensor:
    if weight.ndim != like.ndim:
        raise ValueError(f"{name} has {weight.ndim} axes, expected {like.ndim}")
    factors = [_factor(name, old, new) for old, new in zip(weight.shape, like.shape, strict=True)]
    for axis, factor in enumerate(factors):
        weight = weight.repeat_interleave(factor, dim=axis)
    if len(factors) > 1 and factors[1] > 1:
        weight = weight / factors[1] * (1 + unrest * torch.randn_like(weight))
    return weight


def _factor(name: str, old: int, new: int) -> int:
    if new % old:
        raise ValueError(f"{name} can't grow from {old} to {new}: not a whole multiple")
    return new // old


def with_new_words(embedding: Tensor, old_ids: Mapping[str, int], new_ids: Mapping[str, int]) -> Tensor:
    """Returns an embedding (V, D) of new_ids: known tokens keep their row, new ones get one by lot of the same size."""
    rows = embedding.std() * torch.randn(len(new_ids), embedding.shape[1])
    for token, new in new_ids.items():
        if token in old_ids:
            rows[new] = embedding[old_ids[token]]
    return rows
