"""From the words of a prompt to chunks of tokens, for each evaluation that they hold for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from inference_svc.pipelines.spec import PromptSettings
from inference_svc.prompts import (
    ROOM,
    Chunk,
    Network,
    Part,
    ScheduleFor,
    Tokenizer,
    encode_plan,
    extra_networks,
    schedule,
)
from latentwire.errors import InvalidArgument

MOST_CHUNKS = 256
"""Chunks of one text. Every evaluation attends to all of them at once, so that nobody else's step can pass it."""

MOST_CHUNKS_IN_ALL = 1024
"""Chunks of all the texts that are made of a request's prompts: what is encoded is kept for as long as it runs."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, or a negative prompt: there neither AND nor extra networks are read."""

    text: str
    negative: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PromptRun:
    """What prompts are read for: a model with its tokenizer, the settings, and the pass whose evaluations they hold in.

    `timing.negative` is each prompt's own.
    """

    model: str
    tokenizer: Tokenizer
    settings: PromptSettings
    timing: ScheduleFor


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part that AND joins: its weight; then, by last evaluation, chunks that are as many in all of its segments."""

    weight: float
    segments: tuple[tuple[int, tuple[Chunk, ...]], ...]


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """A prompt taken apart."""

    parts: tuple[ReadPart, ...]
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be encoded, in the order of the prompts."""

    prompts: tuple[ReadPrompt, ...]


def read_prompts(run: PromptRun, prompts: Sequence[Prompt]) -> Reading:
    """Takes prompts apart; with `pad_uncond` all texts are filled up with empty chunks to the length of the longest.

    Raises InvalidArgument for a text of more than MOST_CHUNKS, and for more than MOST_CHUNKS_IN_ALL.
    """
    words = [_words(prompt) for prompt in prompts]
    parts = [
        schedule(text, replace(run.timing, negative=prompt.negative))
        for prompt, (text, _) in zip(prompts, words, strict=True)
    ]
    chunked = _chunked(run, (segment.text for prompt in parts for part in prompt for segment in part.segments))
    longest = max(map(len, chunked.values())) if run.settings.pad_uncond else 1
    filler = encode_plan("", run.tokenizer)
    read = [tuple(_part(part, chunked, filler, longest) for part in prompt) for prompt in parts]
    _check_all(chunks for prompt in read for part in prompt for _, chunks in part.segments)
    return Reading(tuple(ReadPrompt(made, networks) for made, (_, networks) in zip(read, words, strict=True)))


def _words(prompt: Prompt) -> tuple[str, tuple[Network, ...]]:
    return (prompt.text, ()) if prompt.negative else extra_networks(prompt.text)


def _chunked(run: PromptRun, texts: Iterable[str]) -> dict[str, tuple[Chunk, ...]]:
    chunked: dict[str, tuple[Chunk, ...]] = {}
    count = 0
    for text in dict.fromkeys(texts):
        chunked[text] = _chunks(run, text)
        count += len(chunked[text])
        _check_count(count)  # at once, since the next text takes its time too
    return chunked


def _chunks(run: PromptRun, text: str) -> tuple[Chunk, ...]:
    chunks = encode_plan(text, run.tokenizer, run.settings.emphasis, run.settings.comma_backtrack)
    if len(chunks) > MOST_CHUNKS:
        raise InvalidArgument.of("prompt", f"{len(chunks)} chunks", f"at most {MOST_CHUNKS} chunks of {ROOM} tokens")
    return chunks


def _part(part: Part, chunked: dict[str, tuple[Chunk, ...]], filler: tuple[Chunk, ...], shortest: int) -> ReadPart:
    length = max(shortest, *(len(chunked[segment.text]) for segment in part.segments))
    filled = ((segment.last_evaluation, chunked[segment.text]) for segment in part.segments)
    return ReadPart(part.weight, tuple((last, chunks + filler * (length - len(chunks))) for last, chunks in filled))


def _check_all(texts: Iterable[tuple[Chunk, ...]]) -> None:
    _check_count(sum(map(len, dict.fromkeys(texts))))


def _check_count(count: int) -> None:
    if count > MOST_CHUNKS_IN_ALL:
        raise InvalidArgument.of("prompt", f"{count} chunks in all its texts", f"at most {MOST_CHUNKS_IN_ALL}")
