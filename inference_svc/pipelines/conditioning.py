"""From the words of a prompt to what the model reads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np

from inference_svc.pipelines.beside import reads_at_once
from inference_svc.pipelines.reading import Prompt, PromptRun, Reading, ReadPart, read_prompts
from inference_svc.pipelines.spec import GenerationSpec
from inference_svc.prompts import Chunk, Network, ScheduleFor, apply_weights
from inference_svc.work import Array, Ask, Compute, EncodePromptRow, Evaluate


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
    """A prompt as a model reads it, and the networks that it asks for. Segments of equal text share their context."""

    parts: tuple[ConditioningPart, ...]
    networks: tuple[Network, ...] = ()

    def at(self, evaluation: int) -> list[tuple[Array, float]]:
        """Returns context and weight of every part for a model evaluation."""
        return [(part.at(evaluation), part.weight) for part in self.parts]


def prompt_run(spec: GenerationSpec) -> PromptRun:
    """Returns what the prompts of a pass are read for."""
    sampling, settings = spec.sampling, spec.prompts
    timing = ScheduleFor(sampling.steps, sampling.evaluations_per_step, settings.first_pass, settings.old_editing)
    return PromptRun(spec.facts.name, spec.tokenizer, settings, timing)


def encode_prompts(spec: GenerationSpec, prompts: Sequence[str]) -> Generator[Ask, Any, list[Conditioning]]:
    """Encodes the prompt of a pass and, where there is one, its negative prompt; raises as `encode` does."""
    read = [Prompt(text, negative=bool(place)) for place, text in enumerate(prompts)]
    return (yield from encode(prompt_run(spec), read))


def encode(run: PromptRun, prompts: Sequence[Prompt]) -> Generator[Ask, Any, list[Conditioning]]:
    """Encodes prompts. All chunks of all their texts are one ask, each chunk once.

    Raises InvalidArgument for prompts that are too much, see `read_prompts` and `prompts.schedule`.
    """
    texts = [prompt.text for prompt in prompts]
    if reads_at_once(texts) and not any("[" in text for text in texts):
        reading = read_prompts(run, prompts)
    else:
        reading = yield Compute(read_prompts, (run, tuple(prompts)))
    contexts = yield from _contexts(run, reading)
    return [
        Conditioning(tuple(_part(part, contexts) for part in prompt.parts), prompt.networks)
        for prompt in reading.prompts
    ]


_Contexts = dict[tuple[Chunk, ...], Array]


def _contexts(run: PromptRun, reading: Reading) -> Generator[Ask, Any, _Contexts]:
    """Returns the context (1, T, D) of every different text."""
    texts = dict.fromkeys(text for prompt in reading.prompts for part in prompt.parts for _, text in part.segments)
    tokens = list(dict.fromkeys(chunk.tokens for chunks in texts for chunk in chunks))
    results = yield Evaluate(tuple(_row(run, ids) for ids in tokens))
    hidden = dict(zip(tokens, results, strict=True))
    return {chunks: _context(run, chunks, hidden) for chunks in texts}


def _context(run: PromptRun, chunks: tuple[Chunk, ...], hidden: dict[tuple[int, ...], Array]) -> Array:
    weighted = [apply_weights(hidden[chunk.tokens], chunk.weights, run.settings.emphasis) for chunk in chunks]
    return array_api_compat.array_namespace(*weighted).concat(weighted, axis=1)


def _row(run: PromptRun, tokens: tuple[int, ...]) -> EncodePromptRow:
    return EncodePromptRow(run.model, np.asarray([tokens], dtype=np.int64), clip_skip=run.settings.clip_skip)


def _part(part: ReadPart, contexts: _Contexts) -> ConditioningPart:
    return ConditioningPart(
        part.weight, tuple(ConditioningSegment(last, contexts[chunks]) for last, chunks in part.segments)
    )
