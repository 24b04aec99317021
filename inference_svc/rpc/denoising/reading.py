"""What several RPCs of the denoising service read alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from inference_svc.engine.request import PipelineFactory
from inference_svc.pipelines import GuidanceSettings, PromptSettings
from inference_svc.pipelines.reading import Prompt, PromptRun
from inference_svc.pipelines.sources import Source
from inference_svc.prompts import ScheduleFor
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.networks import networks_not_found
from inference_svc.rpc.conversion.settings import DEFAULT_STEPS, resolve_guidance
from inference_svc.rpc.conversion.spec import guidance_settings
from inference_svc.rpc.conversion.violations import Violations, under
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.sampling import find_sampler
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

MOST_PICTURES = 64
_ELEMENTS_A_CHARACTER = 16
"""As long as so many take, at worst: a microsecond or two."""
_AT_ONCE = _ELEMENTS_A_CHARACTER * 2**12
"""Of prompts that name something: a few milliseconds."""
_LEAST_BYTES = 2
"""Of an element, in float16."""


def check_count(count: int, field: str) -> int:
    """Returns a number of pictures or rows. Raises InvalidArgument."""
    if not 1 <= count <= MOST_PICTURES:
        raise InvalidArgument.of(field, count, f"1 to {MOST_PICTURES}")
    return count


def read_guidance(given: t.GuidanceSettings, facts: ModelFacts) -> GuidanceSettings:
    """Returns how predictions are combined. Raises InvalidArgument."""
    violations = Violations()
    resolved = resolve_guidance(given, "guidance", violations)
    if given.HasField("image_scale"):
        violations.add("guidance.image_scale", given.image_scale, f"unset: {facts.name} lacks that input")
    violations.check()
    return guidance_settings(resolved)


def prompt_run(model: UsableModel, sampler: str, steps: int = DEFAULT_STEPS, clip_skip: int = 1) -> PromptRun:
    """Returns what prompts are read for; `sampler` empty: one that makes one evaluation a step."""
    per_step = find_sampler(sampler).counted_per_step if sampler else 1
    settings = PromptSettings(clip_skip=clip_skip)
    return PromptRun(model.facts.name, model.tokenizer, settings, ScheduleFor(steps, per_step))


async def lacking(bench: Bench, prompts: Iterable[str]) -> list[str]:
    """Returns what is not found of what prompts name, in sentences. Raises QueueFull.

    Prompts that name nothing cost nothing.
    """
    named = [prompt for prompt in prompts if "<" in prompt]
    size = _ELEMENTS_A_CHARACTER * sum(map(len, named))
    return await bench.read(size, partial(networks_not_found, named), _AT_ONCE)


def elements(tensors: Sequence[t.Tensor]) -> int:
    """Returns at most how many elements tensors have, by what was received: their shapes are not checked yet."""
    return sum(tensor.ByteSize() // _LEAST_BYTES for tensor in tensors)


def dressed(
    backend: Backend, sources: Sequence[Source], pipelines: tuple[PipelineFactory, ...]
) -> tuple[PipelineFactory, ...]:
    """Returns the pipelines as the backend has them: a fake one may misbehave, as the words of prompts ask it to."""
    words = " ".join(source.text for source in sources if isinstance(source, Prompt))
    (batch,) = backend.dress(g.GenerateImageRequest(prompt=words), (pipelines,))
    return batch


def naming(**fields: str) -> AbstractContextManager[None]:
    """Says of what is found wrong once the work has begun which field of the request it is."""
    return under("", **fields)
