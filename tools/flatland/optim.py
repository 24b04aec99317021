"""Muon for matrices and convolutions, Adam for the rest, on shared float32 master weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_MOMENTUM = 0.95
_BETAS = (0.9, 0.99)
_STEPS = 4
_LARGE = 1 << 17  # from here on the two long products are worth rounding to bfloat16


def orthogonalise(matrix: Tensor) -> Tensor:
    """Returns the nearest semi-orthogonal matrix, roughly: Newton-Schulz steps (Jordan 2024, Muon).

    The steps are polynomials of the small Gram matrix, so they are taken there: two long products, not two a step.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    if x.numel() > _LARGE:
        x = x.bfloat16()
    gram = (x @ x.T).float()
    identity = torch.eye(len(gram), device=gram.device)
    total = a * identity + b * gram + c * (gram @ gram)
    factor = total
    for _ in range(_STEPS - 1):
        gram = factor @ gram @ factor
        factor = a * identity + b * gram + c * (gram @ gram)
        total = factor @ total
    result: Tensor = (total.to(x.dtype) @ x).float()
    return result.T if tall else result


def is_matrix(name: str, weight: Tensor) -> bool:
    """Tells whether Muon takes this weight: inner matrices and convolutions, not embeddings or the ends."""
    ends = ("conv_in", "conv_out", "embedding", "quant_conv", "time_embedding.linear_1")
    return weight.ndim >= 2 and not any(end in name for end in ends)


class HybridOptimizer:
    """One worker's optimiser: its own moments, weights in place, so that workers may share the weights."""

    def __init__(self, names: Sequence[str], weights: Sequence[Tensor]) -> None:
        self._weights = list(weights)
        self._matrix = [is_matrix(n, w) for n, w in zip(names, weights, strict=True)]
        self._first = [torch.zeros_like(w) for w in weights]
        self._second = [torch.zeros_like(w) for w, m in zip(weights, self._matrix, strict=True) if not m]
        self._step = 0

    def step(self, gradients: Sequence[Tensor], learning_rate: float) -> None:
        """Moves every weight once; gradients in the order of the weights, float32."""
        self._step += 1
        norm = torch.stack([g.norm() for g in gradients]).norm().item()
        clip = min(1.0, 1.0 / (norm + 1e-6))
        second = iter(self._second)
        for weight, gradient, first, matrix in zip(self._weights, gradients, self._first, self._matrix, strict=True):
            if matrix:
                _muon(weight, gradient, first, learning_rate)
            else:
                self._adam(weight, gradient * clip, (first, next(second)), learning_rate)

    def _adam(self, weight: Tensor, gradient: Tensor, moments: tuple[Tensor, Tensor], learning_rate: float) -> None:
        first, second = moments
        first.lerp_(gradient, 1 - _BETAS[0])
        second.lerp_(gradient.square(), 1 - _BETAS[1])
        root = (second / (1 - _BETAS[1] ** self._step)).sqrt_().add_(1e-8)
        weight.addcdiv_(first, root, value=-learning_rate / (1 - _BETAS[0] ** self._step))


def _muon(weight: Tensor, gradient: Tensor, momentum: Tensor, learning_rate: float) -> None:
    momentum.lerp_(gradient, 1 - _MOMENTUM)
    matrix = gradient.lerp(momentum, _MOMENTUM).flatten(1)
    # The factor gives the update the root mean square of a typical Adam step (Liu et al. 2025).
    scale = 0.2 * max(matrix.shape) ** 0.5
    weight.add_(orthogonalise(matrix).view_as(weight), alpha=-learning_rate * scale)
