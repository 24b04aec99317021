"""The prompt language: text -> weighted pieces -> chunks of 77 tokens, and what weights do to encoded tokens. Pure."""

from __future__ import annotations

from inference_svc.prompts.chunks import CHUNK_LENGTH, ROOM, Chunk, Tokenizer, chunk, encode_plan, token_count
from inference_svc.prompts.emphasis import Emphasis, apply_weights
from inference_svc.prompts.schedule import Part, Segment, schedule
from inference_svc.prompts.weights import WeightedText, parse_weights

__all__ = [
    "CHUNK_LENGTH",
    "ROOM",
    "Chunk",
    "Emphasis",
    "Part",
    "Segment",
    "Tokenizer",
    "WeightedText",
    "apply_weights",
    "chunk",
    "encode_plan",
    "parse_weights",
    "schedule",
    "token_count",
]
