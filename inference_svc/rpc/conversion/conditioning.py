"""Prompts in the form that a model takes, as messages and back."""

from __future__ import annotations

import math
from itertools import pairwise

from inference_svc.pipelines.conditioning import Conditioning, ConditioningPart, ConditioningSegment
from inference_svc.pipelines.reading import MOST_CHUNKS
from inference_svc.prompts import CHUNK_LENGTH, MOST_PARTS
from inference_svc.rpc.conversion.latents import latents_message, read_floats
from inference_svc.rpc.conversion.plans import check_digest
from inference_svc.sampling import Array
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t

LARGEST_WEIGHT = 1e6


def conditioning_message(conditioning: Conditioning, facts: ModelFacts) -> t.Conditioning:
    """Returns a conditioning, made by a model, as a message; the networks that its prompt asked for are not in it."""
    return t.Conditioning(
        parts=[
            t.ConditioningPart(weight=part.weight, segments=map(_segment_message, part.segments))
            for part in conditioning.parts
        ],
        model_digest=facts.digest,
    )


def read_conditioning(
    message: t.Conditioning, facts: ModelFacts, field: str, *, negative: bool = False
) -> Conditioning:
    """Returns the conditioning of a message.

    Raises InvalidArgument, which names what is below `field`, and FailedPrecondition (MODEL_MISMATCH) for one that was
    made for another model. `negative`: it may have one part only, of weight 1.
    """
    check_digest(message.model_digest, facts, f"{field}.model_digest")
    most = 1 if negative else MOST_PARTS
    if not 1 <= len(message.parts) <= most:
        raise InvalidArgument.of(f"{field}.parts", f"{len(message.parts)} parts", f"1 to {most}")
    parts = [_part(part, facts, f"{field}.parts[{index}]") for index, part in enumerate(message.parts)]
    if negative and parts[0].weight != 1:
        raise InvalidArgument.of(f"{field}.parts[0].weight", parts[0].weight, "1 in a negative prompt")
    return Conditioning(tuple(parts))


def _part(message: t.ConditioningPart, facts: ModelFacts, field: str) -> ConditioningPart:
    if not (math.isfinite(message.weight) and abs(message.weight) <= LARGEST_WEIGHT):
        raise InvalidArgument.of(f"{field}.weight", message.weight, f"{-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}")
    if not message.segments:
        raise InvalidArgument.of(f"{field}.segments", "none", "at least one")
    ends = [segment.last_evaluation for segment in message.segments]
    if ends[0] < 0 or not all(before < after for before, after in pairwise(ends)):
        raise InvalidArgument.of(f"{field}.segments", ends, "last_evaluation 0 or more, and rising")
    segments = [_segment(each, facts, f"{field}.segments[{index}]") for index, each in enumerate(message.segments)]
    return ConditioningPart(message.weight, tuple(segments))


def _segment(message: t.ConditioningSegment, facts: ModelFacts, field: str) -> ConditioningSegment:
    if message.HasField("pooled"):
        raise InvalidArgument.of(f"{field}.pooled", "a tensor", f"none: {facts.name} takes no pooled output")
    return ConditioningSegment(message.last_evaluation, _context(message.context, facts, f"{field}.context"))


def _context(tensor: t.Tensor, facts: ModelFacts, field: str) -> Array:
    """(1, T, D). Its shape is looked at before its data."""
    shape = tuple(tensor.shape)
    fits = len(shape) == 2 and shape[1] == facts.context_width
    if not fits or shape[0] % CHUNK_LENGTH or not CHUNK_LENGTH <= shape[0] <= CHUNK_LENGTH * MOST_CHUNKS:
        allowed = f"(tokens, {facts.context_width}), tokens a multiple of {CHUNK_LENGTH}, at most {MOST_CHUNKS} times"
        raise InvalidArgument.of(f"{field}.shape", shape, allowed)
    return read_floats(tensor, field, axes=(2,))[None]


def _segment_message(segment: ConditioningSegment) -> t.ConditioningSegment:
    return t.ConditioningSegment(last_evaluation=segment.last_evaluation, context=latents_message(segment.context[0]))
