"""One question to several replicas, and one answer out of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grpc import StatusCode, aio

from gateway_svc.inference.asked import Asked
from gateway_svc.inference.composed import Head
from gateway_svc.inference.replicas import Replica

LAGGARDS_S: Final = 5.0
"""How long a good answer waits for the replicas that have not answered."""
_GONE: Final = frozenset({StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED})
_TELLING: Final = (
    lambda error: error.code() not in _GONE | {StatusCode.NOT_FOUND},
    lambda error: error.code() is StatusCode.NOT_FOUND,
)

Merge = Callable[[Asked, Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one replica said."""

    replica: Replica
    metadata: aio.Metadata | None
    response: Any = None
    error: aio.AioRpcError | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it was the replica that failed, not the call."""
        return self.error is not None and self.error.code() in _GONE


async def answers_of(asked: Asked, replicas: Sequence[Replica]) -> Sequence[Answer]:
    """What each says, in their order; without those that keep the others waiting for too long."""
    asking = [asyncio.ensure_future(_answer(asked, replica)) for replica in replicas]
    try:
        while not any(task.done() and task.result().error is None for task in asking):
            waiting = [task for task in asking if not task.done()]
            if not waiting:
                break
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(asking, timeout=LAGGARDS_S)
        return [task.result() for task in asking if task.done()]
    finally:
        for task in asking:
            task.cancel()


async def first_found(asked: Asked, replicas: Sequence[Replica]) -> Answer:
    """The answer of the one that has what is asked about. Raises AioRpcError, NOT_FOUND when nobody has it."""
    return _good(await answers_of(asked, replicas))[0]


async def merged(asked: Asked, replicas: Sequence[Replica], merge: Merge, head: Head) -> Any:
    """One answer out of those that were given. Raises AioRpcError when nobody gave one."""
    good = _good(await answers_of(asked, replicas))
    head.set(good[0].metadata)
    return merge(asked, [answer.response for answer in good])


async def everywhere(asked: Asked, replicas: Sequence[Replica], head: Head) -> Any:
    """The answer of all who are there. Raises AioRpcError when one of those refuses, or nobody is there."""
    answers = [answer for answer in await answers_of(asked, replicas) if not answer.is_gone]
    for answer in answers:
        if answer.error:
            raise answer.error
    return _told(answers[0] if answers else await first_found(asked, replicas), head)


def _good(answers: Sequence[Answer]) -> Sequence[Answer]:
    """Those that are no errors, at least one. Raises the error that tells most."""
    if good := [answer for answer in answers if answer.error is None]:
        return good
    errors = [answer.error for answer in answers if answer.error]
    for tells in _TELLING:
        if found := next(filter(tells, errors), None):
            raise found
    raise errors[0]


def _told(answer: Answer, head: Head) -> Any:
    head.set(answer.metadata)
    return answer.response


async def _answer(asked: Asked, replica: Replica) -> Answer:
    call = asked.on(replica.channel)
    try:
        response = await call
        metadata = await call.initial_metadata()
    except aio.AioRpcError as error:
        replica.said(error.initial_metadata())
        return Answer(replica, error.initial_metadata(), error=error)
    replica.said(metadata)
    return Answer(replica, metadata, response)
