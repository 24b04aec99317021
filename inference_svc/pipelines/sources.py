"""Prompts that come as words or as what a model makes of them, and how long they are."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from inference_svc.pipelines.conditioning import Conditioning, encode
from inference_svc.pipelines.reading import Prompt, PromptRun
from inference_svc.prompts import extra_networks, parse_weights, part_count, schedule, token_count
from inference_svc.work import Ask

Source: TypeAlias = Prompt | Conditioning
"""Words to encode, or what is encoded already."""


def rows_of(source: Source) -> int:
    """Returns how many rows a prompt is at an evaluation: its parts."""
    return len(source.parts) if isinstance(source, Conditioning) else part_count(source.text)


def encoded(run: PromptRun, sources: Sequence[Source]) -> Generator[Ask, Any, list[Conditioning]]:
    """Encodes what is still words, each text once and all as one ask; raises as `encode` does."""
    prompts = list(dict.fromkeys(source for source in sources if isinstance(source, Prompt)))
    made = (yield from encode(run, prompts)) if prompts else []
    by_prompt = dict(zip(prompts, made, strict=True))
    return [by_prompt[source] if isinstance(source, Prompt) else source for source in sources]


def longest_text(run: PromptRun, prompt: Prompt) -> int:
    """Returns the tokens of the longest text that a prompt is made of, start and end not counted, nor its networks."""
    words = prompt.text if prompt.negative else extra_networks(prompt.text)[0]
    parts = schedule(words, replace(run.timing, negative=prompt.negative))
    texts = dict.fromkeys(segment.text for part in parts for segment in part.segments)
    settings = run.settings
    return max(
        token_count(parse_weights(text, settings.emphasis), run.tokenizer, settings.comma_backtrack) for text in texts
    )
