"""The prompt language: text -> what holds when -> weighted pieces -> chunks of 77 tokens, and what weights do to those.

Pure.
"""

from __future__ import annotations

from inference_svc.prompts.chunks import CHUNK_LENGTH, ROOM, Chunk, Tokenizer, chunk, encode_plan, token_count
from inference_svc.prompts.emphasis import Emphasis, apply_weights
from inference_svc.prompts.networks import Network, extra_networks, not_found
from inference_svc.prompts.schedule import MOST_PARTS, Part, ScheduleFor, Segment, part_count, schedule
from inference_svc.prompts.weights import WeightedText, parse_weights

__all__ = [
    "CHUNK_LENGTH",
    "MOST_PARTS",
    "ROOM",
    "Chunk",
    "Emphasis",
    "Network",
    "Part",
    "ScheduleFor",
    "Segment",
    "Tokenizer",
    "WeightedText",
    "apply_weights",
    "chunk",
    "encode_plan",
    "extra_networks",
    "not_found",
    "parse_weights",
    "part_count",
    "schedule",
    "token_count",
]
