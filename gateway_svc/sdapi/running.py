"""Which generation a caller means, and how far it is.

The gateway keeps nothing: the inference service knows every task, so any gateway can answer for any request.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from gateway_svc.sdapi.job import KINDS
from gateway_svc.sdapi.tasks import EXTRAS, legal
from gateway_svc.services import Services
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

_MOST: Final = 1000
# A task's next member is asked for as soon as the one before has ended: after this long, nobody will.
_BETWEEN_MEMBERS_S: Final = 5.0
UNDER_WAY: Final = (types.GENERATION_STATE_RUNNING, types.GENERATION_STATE_WAITING)
ENDED: Final = (types.GENERATION_STATE_SUCCEEDED, types.GENERATION_STATE_CANCELLED, types.GENERATION_STATE_FAILED)


async def meant(services: Services, user: str, task_id: str | None, *, fresh: bool = False) -> gs.Generation | None:
    """The generation that progress, interrupt and skip are about: of the task given, else the user's oldest.

    Running ones go before waiting ones. Only generations of /sdapi count, and, where callers have names, only the
    caller's own. Between two members of a task it is the one that has just ended.
    """
    answer = await listed(services, user, task_id, UNDER_WAY, fresh=fresh)
    found = oldest(answer.generations)
    if found is None:
        ended = (await listed(services, user, task_id, ENDED, fresh=fresh)).generations
        found = next((one for one in ended[-1:] if is_between(one)), None)
    return found


def oldest(generations: Sequence[gs.Generation]) -> gs.Generation | None:
    """The oldest that runs, else the oldest that waits."""
    under_way = [generation for generation in generations if generation.state in UNDER_WAY]
    return min(under_way, key=lambda generation: UNDER_WAY.index(generation.state), default=None)


def is_between(generation: gs.Generation, now_s: float | None = None) -> bool:
    """Whether a member of a task has just ended and the next one is about to begin."""
    goes_on = generation.task.index + 1 < generation.task.count and not generation.stopping
    if not goes_on or generation.state != types.GENERATION_STATE_SUCCEEDED:
        return False
    since_s = (time.time() if now_s is None else now_s) - generation.end_time.ToMilliseconds() / 1000
    return since_s < _BETWEEN_MEMBERS_S


async def listed(
    services: Services,
    user: str,
    task_id: str | None,
    states: Sequence[types.GenerationState.ValueType],
    *,
    fresh: bool = False,
) -> gs.ListGenerationsResponse:
    """Generations of /sdapi in these states, oldest first; as they were a moment ago, unless they have to be fresh."""
    named = legal(task_id) if task_id else ""
    request = gs.ListGenerationsRequest(states=states, task_kinds=(*KINDS, EXTRAS), task_id=named, page_size=_MOST)
    if user:
        request.owner = user
    if fresh:
        services.shared.forget()
    return await services.shared.get(
        ("listed", user, named, tuple(states)),
        lambda: services.inference.ask(services.inference.generations.ListGenerations, request),
    )


async def preview(services: Services, generation: gs.Generation) -> gs.Preview | None:
    """What it looks like so far; None where there is nothing to see. Raises NotFound."""
    name = generation.request_id
    return await services.shared.get(("preview", name), lambda: _preview(services, name))


async def _preview(services: Services, name: str) -> gs.Preview | None:
    request = gs.GetGenerationRequest(request_id=name)
    answer = await services.inference.ask(services.inference.generations.GetGeneration, request)
    return answer.generation.preview if answer.generation.HasField("preview") else None


def job_count(generation: gs.Generation) -> int:
    """How many passes the whole task makes: members, their batches, and both passes of a batch with a hires pass."""
    progress = generation.progress
    return max(1, generation.task.count) * max(1, progress.batch_count) * max(1, progress.pass_count)


def job_no(generation: gs.Generation) -> int:
    """How many of those passes are over."""
    progress = generation.progress
    batches, passes = max(1, progress.batch_count), max(1, progress.pass_count)
    if generation.state in ENDED:
        return (generation.task.index + 1) * batches * passes
    second = progress.stage == types.PICTURE_STAGE_HIRES_PASS and passes > 1
    return (generation.task.index * batches + progress.batch_index) * passes + second


def fraction(generation: gs.Generation) -> float:
    """How much of its task is done, 0 to 1, as A1111 reckons: whole passes, and the steps of the current one."""
    count = job_count(generation)
    if not generation.HasField("progress"):
        return generation.task.index / count
    steps = 0.0 if generation.state in ENDED else last_step(generation) / max(1, generation.progress.step_count)
    return min(1.0, (job_no(generation) + steps) / count)


def last_step(generation: gs.Generation) -> int:
    """Index of the last step that was done, from 0."""
    return max(0, generation.progress.step - 1)


def eta_s(generation: gs.Generation, done: float, now_s: float | None = None) -> float:
    """Seconds until the end of its task, of which `done` is done, 0 to 1: as long again for each member to come."""
    elapsed_s, left_s = _elapsed_s(generation, now_s), _left_s(generation, done, now_s)
    return left_s + (elapsed_s + left_s) * max(0, generation.task.count - generation.task.index - 1)


def _left_s(generation: gs.Generation, done: float, now_s: float | None) -> float:
    """Until the generation's own end: as the service measured, else what has passed, extended."""
    if generation.HasField("eta"):
        return generation.eta.ToMilliseconds() / 1000
    own = done * max(1, generation.task.count) - generation.task.index
    if generation.state in ENDED or own <= 0:
        return 0.0
    elapsed_s = _elapsed_s(generation, now_s)
    return elapsed_s / min(1.0, own) - elapsed_s


def _elapsed_s(generation: gs.Generation, now_s: float | None) -> float:
    if not generation.HasField("start_time"):
        return 0.0
    until_s = time.time() if now_s is None else now_s
    if generation.state in ENDED:
        until_s = generation.end_time.ToMilliseconds() / 1000
    return max(0.0, until_s - generation.start_time.ToMilliseconds() / 1000)
