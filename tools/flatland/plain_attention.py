"""Multi-head attention in few operations: what the ONNX graph of the UNet is traced with."""

from __future__ import annotations

from diffusers.models.attention_processor import Attention
from torch import Tensor


class PlainAttention:
    """An attention processor for the UNet's transformer blocks: no mask, no norm of its own."""

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """Returns (B, N, D) for queries (B, N, D) and an optional context (B, T, C)."""
        batch, width = hidden_states.shape[0], attn.inner_dim
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        parts = (attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context))
        query, key, value = (part.view(batch, -1, attn.heads, width // attn.heads).transpose(1, 2) for part in parts)
        weights = ((query * attn.scale) @ key.transpose(2, 3)).softmax(dim=-1)
        return attn.to_out[0]((weights @ value).transpose(1, 2).reshape(batch, -1, width))  # type: ignore[no-any-return]
