"""Two scripted replicas that make pictures step by step, can go on from a point, and can be lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from grpc_status import rpc_status

from inference_svc.rpc.interceptors.around import AroundInterceptor
from inference_svc.rpc.interceptors.identity import Identity, identified
from latentwire import status
from latentwire.errors import LatentwireError
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types
from tests.contract.gateway.scripted import Context, Generations, Script, Service, accept, chunks, missing

STEPS = 10


@dataclass
class Walk(Script):
    """What a replica does. `hold_at`: the picture and the step before which it waits."""

    hold_at: tuple[int, int] | None = None
    refuse_points: LatentwireError | None = None
    digest: str = "same"


class Walker(Generations):
    """Makes pictures one after the other, STEPS steps each. What they show depends on their seeds alone."""

    async def GenerateImage(
        self, request: gs.GenerateImageRequest, context: Context
    ) -> AsyncIterator[gs.GenerateImageResponse]:
        walk = self._script()
        assert isinstance(walk, Walk)
        walk.requests.append(request)
        if error := walk.error or refused(request, walk) or missing(request.model or "flatland", walk):
            await context.abort_with_status(rpc_status.to_status(status.to_status(error)))
        accepted = resolved(request, walk)
        yield gs.GenerateImageResponse(sequence=1, request_id=request.request_id, accepted=accepted)
        yield gs.GenerateImageResponse(started=gs.Started())
        for index, seed in enumerate(accepted.seeds):
            async for event in self._picture(index, seed, request, accepted, walk):
                yield event
        yield gs.GenerateImageResponse(completed=gs.Completed(image_count=len(accepted.seeds) - done(request)))

    async def _picture(
        self, index: int, seed: int, request: gs.GenerateImageRequest, accepted: gs.Accepted, walk: Walk
    ) -> AsyncIterator[gs.GenerateImageResponse]:
        if index < done(request):
            return
        first = step_of(request) if index == done(request) else 0
        for step in range(first + 1, STEPS + 1):
            if walk.hold_at == (index, step):
                await self._wait(walk)
            progress = gs.Progress(step=step, step_count=STEPS, batch_index=index)
            if request.events.resume_every and step % request.events.resume_every == 0:
                progress.resume_point.CopyFrom(point(index, step))
            if request.events.progress_every or progress.HasField("resume_point"):
                yield gs.GenerateImageResponse(progress=progress)
        for chunk in chunks(index, seed, accepted.resolved, walk):
            yield gs.GenerateImageResponse(image=chunk)

    async def _wait(self, script: Script) -> None:
        script.held.set()
        await script.release.wait()


def resolved(request: gs.GenerateImageRequest, walk: Walk) -> gs.Accepted:
    """What it was taken to mean; a seed that was not given is the replica's own."""
    accepted = accept(request, walk)
    accepted.resolved.ClearField("resume_from")
    accepted.resolved.noise.seed, accepted.resolved.noise.subseed = accepted.seeds[0], accepted.subseeds[0]
    accepted.model_digest = walk.digest
    return accepted


def refused(request: gs.GenerateImageRequest, walk: Walk) -> LatentwireError | None:
    """Why it is not taken."""
    return walk.refuse_points if request.HasField("resume_from") else None


def point(index: int, step: int) -> types.ResumePoint:
    """A point in the picture of that index: those before it are delivered."""
    before = [types.PictureResume(index=each, stage=types.PICTURE_STAGE_DELIVERED) for each in range(index)]
    state = types.SamplerState(step=step)
    here = types.PictureResume(index=index, stage=types.PICTURE_STAGE_FIRST_PASS, state=state)
    return types.ResumePoint(version=1, pictures=[*before, here])


def done(request: gs.GenerateImageRequest) -> int:
    """How many pictures need not be sent."""
    return sum(each.stage == types.PICTURE_STAGE_DELIVERED for each in request.resume_from.pictures)


def step_of(request: gs.GenerateImageRequest) -> int:
    """Where the picture under way stands; 0 without a point."""
    return max((each.state.step for each in request.resume_from.pictures), default=0)


class Replica(Service):
    """One of them on a port of its own; its name is in every answer."""

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(0, Walker, [AroundInterceptor([identified(Identity(name, "fake"))])])
        self.name = name
        self.script = self.walk = Walk(seed=seed)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Replicas:
    """Two of them."""

    each: Sequence[Replica]

    @property
    def where(self) -> str:
        """What a gateway is told."""
        return ",".join(replica.address for replica in self.each)

    def hold_at(self, picture: int, step: int) -> None:
        """Both wait before that step."""
        for replica in self.each:
            replica.walk.hold_at = (picture, step)

    async def held(self) -> tuple[Replica, Replica]:
        """The one that waits, and the other one, which will not wait."""
        waits = {asyncio.ensure_future(replica.walk.held.wait()): replica for replica in self.each}
        ready, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        first = waits[ready.pop()]
        other = next(replica for replica in self.each if replica is not first)
        other.walk.hold_at = None
        return first, other

    def requests(self) -> list[gs.GenerateImageRequest]:
        """What was asked of both."""
        return [request for replica in self.each for request in replica.walk.requests]
