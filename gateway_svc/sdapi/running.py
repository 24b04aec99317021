"""Which generation a caller means, and how far it is.

The gateway keeps nothing: the inference service knows every task, so any gateway can answer for any request.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from gateway_svc.sdapi.job import KINDS
from gateway_svc.sdapi.tasks import legal
from gateway_svc.services import Services
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

_MOST: Final = 1000
UNDER_WAY: Final = (types.GENERATION_STATE_RUNNING, types.GENERATION_STATE_WAITING)


async def meant(services: Services, user: str, task_id: str | None) -> gs.Generation | None:
    """The generation that progress, interrupt and skip are about: of the task given, else the user's oldest.

    Running ones go before waiting ones. Only generations of /sdapi count, and, where callers have names, only the
    caller's own.
    """
    generations = await listed(services, user, task_id, UNDER_WAY)
    return min(generations, key=lambda generation: UNDER_WAY.index(generation.state), default=None)


async def listed(
    services: Services, user: str, task_id: str | None, states: Sequence[types.GenerationState.ValueType]
) -> Sequence[gs.Generation]:
    """Generations of /sdapi in these states, oldest first."""
    named = legal(task_id) if task_id else ""
    request = gs.ListGenerationsRequest(states=states, task_kinds=KINDS, task_id=named, page_size=_MOST)
    if user:
        request.owner = user
    answer = await services.inference.ask(services.inference.generations.ListGenerations, request)
    return answer.generations


async def preview(services: Services, generation: gs.Generation, known_id: int = 0) -> gs.Preview | None:
    """What it looks like so far; None where there is nothing newer than the preview known."""
    request = gs.GetGenerationRequest(request_id=generation.request_id, known_preview_id=known_id)
    answer = await services.inference.ask(services.inference.generations.GetGeneration, request)
    return answer.generation.preview if answer.generation.HasField("preview") else None


def fraction(generation: gs.Generation) -> float:
    """How much is done, 0 to 1, as A1111 reckons: whole batches, and the steps of the current one."""
    if not generation.HasField("progress"):
        return 0.0
    progress = generation.progress
    batches = max(1, progress.batch_count)
    steps = max(1, progress.step_count)
    return min(1.0, progress.batch_index / batches + last_step(generation) / (batches * steps))


def last_step(generation: gs.Generation) -> int:
    """Index of the last step that was done, from 0."""
    return max(0, generation.progress.step - 1)


def eta_s(generation: gs.Generation, done: float, now_s: float | None = None) -> float:
    """Seconds until the end: as the service measured, else what has passed, extended."""
    if generation.HasField("eta"):
        return generation.eta.ToMilliseconds() / 1000
    if not (generation.HasField("start_time") and done > 0):
        return 0.0
    began_s = generation.start_time.ToMilliseconds() / 1000
    elapsed_s = max(0.0, (time.time() if now_s is None else now_s) - began_s)
    return elapsed_s / done - elapsed_s
