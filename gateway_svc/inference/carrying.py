"""A generation that outlives its replica: when the connection is lost, another one goes on where it was."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import grpc
from grpc import aio

from gateway_svc.inference.asked import UNARY, Asked, as_rpc_error
from gateway_svc.inference.channels import GENERATION_SERVICE, MAX_MESSAGE_BYTES
from gateway_svc.inference.composed import Head
from gateway_svc.inference.course import Course
from gateway_svc.inference.replicas import Replicas, named
from latentwire.errors import (
    AlreadyExists,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    LatentwireError,
    QueueFull,
    Unavailable,
)
from latentwire.status import from_rpc_error
from latentwire.v1 import generation_service_pb2 as gs

MOST_LOSSES: Final = 5
"""How many replicas may be lost under one generation."""
UNSEEN_S: Final = 10.0
"""How long somebody must be found for a generation of which its caller has seen nothing."""
BEGUN_S: Final = 30.0
"""The same for one that has been accepted."""
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
_STOP: Final = f"/{GENERATION_SERVICE}/StopGeneration"


class Tally(Protocol):
    """What is counted of generations, by the replica's address or else its name."""

    def begun(self, replica: str) -> None: ...
    def failed_over(self, steps_recomputed: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Carrying:
    """What carrying generations over needs. `load`: brings a model into the memory of every replica."""

    replicas: Replicas
    resume_every: int
    tally: Tally
    load: Callable[[Asked, str], Awaitable[None]]


class Carried:
    """One generation."""

    def __init__(self, asked: Asked, carrying: Carrying, head: Head) -> None:
        self._asked, self._head = asked, head
        self._replicas, self._tally, self._load = carrying.replicas, carrying.tally, carrying.load
        self._id: str = asked.request.request_id or secrets.token_hex(16)
        self._course = Course(asked.request, carrying.resume_every, MAX_MESSAGE_BYTES)
        self._refused_since: float | None = None
        self._lost = False

    async def events(self) -> AsyncIterator[gs.GenerateImageResponse]:
        """Its events, as if one replica had made it. Raises AioRpcError."""
        while True:
            call = self._asked.saying(self._course.next_request(self._id)).on(self._replicas.any)
            try:
                async for response in call:
                    if (event := await self._heard(call, response)) is not None:
                        yield event
                return
            except aio.AioRpcError as error:
                await self._find_another(from_rpc_error(error), error)
            except LatentwireError as error:
                raise as_rpc_error(error) from None
            finally:
                call.cancel()

    async def _heard(self, call: Any, response: gs.GenerateImageResponse) -> gs.GenerateImageResponse | None:
        if response.WhichOneof("event") == "accepted":
            await self._begun(await call.initial_metadata())
        return self._course.take(response)

    async def _begun(self, metadata: aio.Metadata) -> None:
        """A replica has taken it."""
        self._head.set(metadata)
        name = named(metadata)
        self._replicas.remember(self._id, name)
        self._tally.begun(self._replicas.address_of(name) or name)
        self._refused_since = None
        if self._lost:
            self._lost = False
            self._tally.failed_over(self._course.resumed())
            await self._stop_again()

    async def _find_another(self, error: LatentwireError, failed: aio.AioRpcError) -> None:
        """Returns when it is worth another try. Raises AioRpcError where it is not."""
        if isinstance(error, Unavailable) and error.reason != "MODEL_LOADING":
            await self._wait_for_somebody(failed)
        elif not (self._course.accepted and self._course.losses):
            raise failed
        elif self._course.has_point and _is_about_the_point(error):
            self._course.forget_point()
        elif not await self._cured(error):
            raise failed

    async def _wait_for_somebody(self, failed: aio.AioRpcError) -> None:
        """Its replica is gone: returns when there is another one."""
        self._course.lost()
        self._lost = True
        if self._course.losses > MOST_LOSSES:
            raise failed
        if self._was_ended("cancel"):
            raise as_rpc_error(Cancelled("cancelled by CancelGeneration"))
        await asyncio.sleep(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**self._course.losses))
        if not await self._somebody(BEGUN_S if self._course.accepted else UNSEEN_S):
            if self._asked.left_s == 0:
                raise as_rpc_error(DeadlineExceeded("its replica was lost, and no other was found in time"))
            raise failed

    async def _somebody(self, within_s: float) -> bool:
        """Whether a replica that takes generations is found in time."""
        try:
            async with asyncio.timeout(within_s if self._asked.left_s is None else min(within_s, self._asked.left_s)):
                while not await self._ready():
                    pass
        except TimeoutError:
            return False
        return True

    async def _ready(self) -> bool:
        """Whether somebody is there; if not, told when that may have changed. Where replicas move, a channel ends."""
        channel = self._replicas.any
        if (state := channel.get_state(try_to_connect=True)) is grpc.ChannelConnectivity.READY:
            return True
        with suppress(TimeoutError, aio.UsageError):
            await asyncio.wait_for(channel.wait_for_state_change(state), _LONGEST_PAUSE_S)
        return False

    async def _cured(self, error: LatentwireError) -> bool:
        """Whether what kept another replica from going on has passed: a full queue, an id in use, a missing model."""
        now = asyncio.get_running_loop().time()
        self._refused_since = self._refused_since or now
        if now - self._refused_since > BEGUN_S:
            return False
        if isinstance(error, AlreadyExists):
            self._id = f"{self._id[:100]}.{self._course.losses}"
            return True
        if isinstance(error, QueueFull) or error.reason == "MODEL_LOADING":
            await asyncio.sleep(min(error.retry_after_s or _LONGEST_PAUSE_S, _LONGEST_PAUSE_S))
            return True
        return await self._loaded(error)

    async def _loaded(self, error: LatentwireError) -> bool:
        if error.reason != "MODEL_NOT_LOADED" or not (name := error.metadata.get("model")):
            return False
        await self._load(self._asked, name)
        return True

    def _was_ended(self, how: str) -> bool:
        ids = (self._id, self._asked.request.task.task_id)
        return any(key and self._replicas.ended.get(key) == how for key in ids)

    async def _stop_again(self) -> None:
        """Stops it where it is now, if it was stopped where it was."""
        if not self._was_ended("stop"):
            return
        request = gs.StopGenerationRequest(request_id=self._id)
        asked = self._asked.about(UNARY, _STOP, request, gs.StopGenerationResponse)
        for replica in self._replicas.of(self._id) or self._replicas.each:
            try:
                await asked.on(replica.channel)
            except aio.AioRpcError:
                continue


def _is_about_the_point(error: LatentwireError) -> bool:
    """Whether the request may be taken without its point. Not where the replica's models are others."""
    kind = isinstance(error, InvalidArgument | FailedPrecondition)
    return kind and error.reason not in {"MODEL_NOT_LOADED", "MODEL_MISMATCH"}
