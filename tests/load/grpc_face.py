"""What users of the RPCs do: pictures as streams and by single steps, changes of mind, mistakes, and lists."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import gevent
import grpc

from latentwire.chunks import ChunkAssembler, Picture
from latentwire.status import from_rpc_error
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import generation_service_pb2_grpc as gg
from latentwire.v1 import types_pb2 as t
from tests.load.jobs import LONG, Job, job
from tests.load.loop import picture_by_steps
from tools.load.outcome import Outcome, Result, failed, of_error

_TIMEOUT_S = 300.0
_PATIENCE_S = 0.3
_PNG = b"\x89PNG\r\n\x1a\n"
_ENDED = {"CANCELLED": Outcome.GIVEN_UP}
# Each is somebody's mistake.
_BAD = (
    {"sampling": t.SamplerSettings(steps=0)},
    {"width": 7},
    {"sampling": t.SamplerSettings(sampler="no such sampler")},
    {"model": "no such model"},
    {"guidance": t.GuidanceSettings(scale=-1)},
    {"batch_size": 1000},
)
_REJECTED = {"INVALID_ARGUMENT": Outcome.REJECTED, "NOT_FOUND": Outcome.REJECTED}


@dataclass(frozen=True, slots=True)
class GrpcUser:
    """Speaks to an inference service over a channel of its own; `dice` decide what it asks for."""

    face: ClassVar[str] = "gRPC"
    address: str
    dice: random.Random
    channel: grpc.Channel = field(init=False)

    def __post_init__(self) -> None:
        # Without its own pool, channels to one address would share a connection.
        options = (("grpc.use_local_subchannel_pool", 1),)
        object.__setattr__(self, "channel", grpc.insecure_channel(self.address, options))

    def close(self) -> None:
        """Closes the channel."""
        self.channel.close()

    def deeds(self) -> dict[Callable[[], tuple[str, Result]], int]:
        """What this user does, and how often in proportion."""
        return {
            self.generate: 12,
            self.take_steps: 2,
            self.cancel: 1,
            self.stop: 1,
            self.hang_up: 1,
            self.deadline: 1,
            self.mistake: 2,
        }

    def looks(self) -> dict[Callable[[], tuple[str, Result]], int]:
        """What somebody does who only looks."""
        return {self.list_running: 3, self.get_unknown: 1}

    def generate(self) -> tuple[str, Result]:
        """A picture, waited for."""
        one = job(self.dice)
        return one.size.name, _told(lambda: made(self._stream(one), one), {})

    def take_steps(self) -> tuple[str, Result]:
        """A picture by the calls of the denoising loop, the state on this side half-way."""
        one = job(self.dice)

        def act() -> Result:
            picture = picture_by_steps(self.channel, one, _TIMEOUT_S)
            return _checked([picture] if picture else [], one)

        return "picture by steps", _told(act, {})

    def cancel(self) -> tuple[str, Result]:
        """A long generation, cancelled by its id: nothing of it comes back, unless it had ended."""
        return "CancelGeneration", _told(lambda: self._ended_by(_cancel, Outcome.DONE), _ENDED)

    def stop(self) -> tuple[str, Result]:
        """A long generation, stopped by its id: what there is comes back."""
        return "StopGeneration", _told(lambda: self._ended_by(_stop, Outcome.GIVEN_UP), {})

    def hang_up(self) -> tuple[str, Result]:
        """A long generation whose call is cancelled on the client's side."""

        def act() -> Result:
            call = self._stream(job(self.dice, LONG))
            next(call, None)
            gevent.sleep(self.dice.uniform(0, _PATIENCE_S))
            call.cancel()
            return Result(Outcome.GIVEN_UP)

        return "call cancelled", _told(act, {})

    def deadline(self) -> tuple[str, Result]:
        """A generation with little time: it ends in time, at its deadline, or is refused because of it."""
        one, seconds = job(self.dice, LONG), self.dice.uniform(0.05, 1.0)
        ends = {"DEADLINE_EXCEEDED": Outcome.GIVEN_UP}
        return "short deadline", _told(lambda: made(self._stream(one, timeout=seconds), one), ends)

    def mistake(self) -> tuple[str, Result]:
        """A request that has to be refused as the client's fault."""
        one = job(self.dice)
        bad: dict[str, Any] = self.dice.choice(_BAD)
        return "bad request", _told(lambda: _not_noticed(self._stream(one, **bad)), _REJECTED)

    def list_running(self) -> tuple[str, Result]:
        """What is under way."""
        states = [t.GENERATION_STATE_WAITING, t.GENERATION_STATE_RUNNING]
        request = g.ListGenerationsRequest(states=states)
        return "ListGenerations", _told(lambda: _answered(self._stub.ListGenerations, request), {})

    def get_unknown(self) -> tuple[str, Result]:
        """A generation that nobody has asked for."""
        request = g.GetGenerationRequest(request_id=uuid.uuid4().hex)
        ends = {"NOT_FOUND": Outcome.REJECTED}
        return "GetGeneration, unknown", _told(lambda: _answered(self._stub.GetGeneration, request), ends)

    @property
    def _stub(self) -> Any:
        return gg.GenerationServiceStub(self.channel)

    def _stream(self, one: Job, *, timeout: float = _TIMEOUT_S, **fields: Any) -> Any:
        return self._stub.GenerateImage(_request(one, **fields), timeout=timeout)

    def _ended_by(self, end: Callable[[Any, str], None], outcome: Outcome) -> Result:
        """A generation that somebody else ends by its id, once it has been accepted."""
        request_id = uuid.uuid4().hex
        call = self._stream(job(self.dice, LONG), request_id=request_id)
        next(call, None)
        gevent.sleep(self.dice.uniform(0, _PATIENCE_S))
        end(self._stub, request_id)
        for _ in call:
            pass
        return Result(outcome)


def _cancel(stub: Any, request_id: str) -> None:
    stub.CancelGeneration(g.CancelGenerationRequest(request_id=request_id), timeout=_TIMEOUT_S)


def _stop(stub: Any, request_id: str) -> None:
    stub.StopGeneration(g.StopGenerationRequest(request_id=request_id), timeout=_TIMEOUT_S)


def _request(one: Job, **fields: Any) -> g.GenerateImageRequest:
    usual: dict[str, Any] = {
        "prompt": one.prompt,
        "width": one.size.width,
        "height": one.size.height,
        "sampling": t.SamplerSettings(sampler=one.sampler, steps=one.size.steps),
        "guidance": t.GuidanceSettings(scale=3.0),
        "noise": t.NoiseSpec(seed=one.seed),
    }
    return g.GenerateImageRequest(**{**usual, **fields})


def _told(act: Callable[[], Result], wanted: dict[str, Outcome]) -> Result:
    """What came of it, or what its error means."""
    try:
        return act()
    except grpc.RpcError as error:
        return of_error(from_rpc_error(error), wanted)


def made(call: Iterator[g.GenerateImageResponse], one: Job) -> Result:
    """What a stream of events means to who asked for a picture. Raises grpc.RpcError."""
    assembler = ChunkAssembler()
    added = [assembler.add(event.image) for event in call if event.WhichOneof("event") == "image"]
    return _checked([picture for picture in added if picture is not None], one)


def _checked(pictures: Sequence[Picture], one: Job) -> Result:
    whole = [(each.width, each.height) for each in pictures if each.data.startswith(_PNG)]
    if whole != [(one.size.width, one.size.height)]:
        return failed("no picture", f"asked for {one.size.name}, got {whole}")
    return Result(Outcome.DONE, pictures=1)


def _not_noticed(call: Iterator[g.GenerateImageResponse]) -> Result:
    for _ in call:
        pass
    return failed("bad request was taken")


def _answered(method: Callable[..., Any], request: Any) -> Result:
    method(request, timeout=_TIMEOUT_S)
    return Result(Outcome.DONE)
