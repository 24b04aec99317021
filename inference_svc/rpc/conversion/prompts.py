"""Prompts of denoising calls: words or tensors, one for all pictures or one for each."""

from __future__ import annotations

from collections.abc import Sequence

from inference_svc.pipelines.reading import Prompt
from inference_svc.pipelines.sources import Source
from inference_svc.rpc.conversion.conditioning import read_conditioning
from inference_svc.rpc.conversion.limits import LONGEST_PROMPT
from inference_svc.rpc.conversion.parts import checked_parts
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as d


def read_sources(prompts: Sequence[d.Prompt], count: int, facts: ModelFacts) -> list[Source]:
    """Returns the prompt of each of `count` pictures. Raises InvalidArgument, and FailedPrecondition."""
    if len(prompts) not in {1, count}:
        raise InvalidArgument.of("prompts", f"{len(prompts)} prompts", f"1, or {count}, one for each")
    read = [_source(prompt, facts, f"prompts[{index}]", negative=False) for index, prompt in enumerate(prompts)]
    return read * (count // len(read))


def read_negatives(prompts: Sequence[d.Prompt], count: int, facts: ModelFacts) -> list[Source]:
    """Returns the negative prompt of each of `count` pictures: that of no words, where none is given."""
    if len(prompts) not in {0, 1, count}:
        raise InvalidArgument.of("negative_prompts", f"{len(prompts)} prompts", f"none, 1, or {count}, one for each")
    field = "negative_prompts"
    read = [_source(prompt, facts, f"{field}[{index}]", negative=True) for index, prompt in enumerate(prompts)]
    read = read or [Prompt("", negative=True)]
    return read * (count // len(read))


def _source(message: d.Prompt, facts: ModelFacts, field: str, *, negative: bool) -> Source:
    match message.WhichOneof("source"):
        case "text":
            return _words(message.text, f"{field}.text", negative=negative)
        case "conditioning":
            return read_conditioning(message.conditioning, facts, f"{field}.conditioning", negative=negative)
        case _:
            raise InvalidArgument.of(f"{field}.source", None, "text or conditioning")


def _words(text: str, field: str, *, negative: bool) -> Prompt:
    violations = Violations()
    violations.text(field, text, LONGEST_PROMPT)
    violations.check()
    if not negative:
        checked_parts(field, text, violations)
    violations.check()
    return Prompt(text, negative=negative)
