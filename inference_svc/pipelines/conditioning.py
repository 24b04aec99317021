"""From the words of a prompt to what the model reads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

from inference_svc.pipelines.beside import reads_at_once
from inference_svc.pipelines.spec import GenerationSpec
from inference_svc.prompts import ROOM, Chunk, Part, apply_weights, encode_plan, schedule
from inference_svc.work import Array, Ask, Compute, EncodePromptRow, Evaluate
from latentwire.errors import InvalidArgument

Chunked: TypeAlias = dict[str, tuple[Chunk, ...]]

MOST_CHUNKS = 256
"""Chunks of one prompt. Every evaluation attends to all of them at once, so that nobody else's step can pass it."""


@dataclass(frozen=True, slots=True, eq=False)
class ConditioningSegment:
    """A context (1, T, D) that holds up to and with evaluation `last_evaluation`; the last one holds to the end."""

    last_evaluation: int
    context: Array


@dataclass(frozen=True, slots=True, eq=False)
class ConditioningPart:
    """One sub-prompt: its weight among those joined by AND, and what holds when."""

    weight: float
    segments: tuple[ConditioningSegment, ...]

    def at(self, evaluation: int) -> Array:
        """Returns the context for a model evaluation, counted from 0."""
        held = (segment for segment in self.segments if evaluation <= segment.last_evaluation)
        return next(held, self.segments[-1]).context


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """A prompt as a model reads it."""

    parts: tuple[ConditioningPart, ...]

    def at(self, evaluation: int) -> list[tuple[Array, float]]:
        """Returns context and weight of every part for a model evaluation."""
        return [(part.at(evaluation), part.weight) for part in self.parts]


def encode_prompts(
    spec: GenerationSpec, prompts: Sequence[str], evaluations: int
) -> Generator[Ask, Any, list[Conditioning]]:
    """Encodes prompts for a run of so many model evaluations. All chunks of all prompts are one ask."""
    if reads_at_once(prompts):
        parts, chunked = read_prompts(spec, prompts, evaluations)
    else:
        parts, chunked = yield Compute(read_prompts, (spec, tuple(prompts), evaluations))
    contexts = yield from _encode(spec, chunked)
    return [Conditioning(tuple(_part(part, contexts) for part in prompt)) for prompt in parts]


def read_prompts(
    spec: GenerationSpec, prompts: Sequence[str], evaluations: int
) -> tuple[list[tuple[Part, ...]], Chunked]:
    """Returns the parts of every prompt, and the chunks of every text in them, each text once.

    Raises InvalidArgument for a text of more than MOST_CHUNKS.
    """
    parts = [schedule(prompt, evaluations) for prompt in prompts]
    texts = dict.fromkeys(segment.text for prompt in parts for part in prompt for segment in part.segments)
    return parts, {text: _chunks(spec, text) for text in texts}


def _chunks(spec: GenerationSpec, text: str) -> tuple[Chunk, ...]:
    chunks = encode_plan(text, spec.tokenizer, spec.prompts.emphasis, spec.prompts.comma_backtrack)
    if len(chunks) > MOST_CHUNKS:
        raise InvalidArgument.of("prompt", f"{len(chunks)} chunks", f"at most {MOST_CHUNKS} chunks of {ROOM} tokens")
    return chunks


def _encode(spec: GenerationSpec, chunked: Chunked) -> Generator[Ask, Any, dict[str, Array]]:
    rows = tuple(_row(spec, chunk) for chunks in chunked.values() for chunk in chunks)
    results = iter((yield Evaluate(rows)))
    contexts = {}
    for text, chunks in chunked.items():
        weighted = [apply_weights(next(results), chunk.weights, spec.prompts.emphasis) for chunk in chunks]
        contexts[text] = array_api_compat.array_namespace(*weighted).concat(weighted, axis=1)
    return contexts


def _row(spec: GenerationSpec, chunk: Chunk) -> EncodePromptRow:
    tokens = np.asarray([chunk.tokens], dtype=np.int64)
    return EncodePromptRow(spec.facts.name, tokens, clip_skip=spec.prompts.clip_skip)


def _part(part: Part, contexts: dict[str, Array]) -> ConditioningPart:
    segments = (ConditioningSegment(segment.last_evaluation, contexts[segment.text]) for segment in part.segments)
    return ConditioningPart(part.weight, tuple(segments))
