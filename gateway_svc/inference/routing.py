"""A channel that sends every call to the replicas that it is for.

New work goes to whichever is next; calls by id to the one that has it; lists are of all; models come and go everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import grpc
from grpc import aio

from gateway_svc.inference import merging
from gateway_svc.inference.asked import STREAM, UNARY, Asked, Way
from gateway_svc.inference.carrying import Carried, Carrying, Tally
from gateway_svc.inference.channels import GENERATION_SERVICE
from gateway_svc.inference.composed import ComposedAnswer, ComposedStream, Head
from gateway_svc.inference.listing import listed
from gateway_svc.inference.loading import loaded_everywhere
from gateway_svc.inference.replicas import Replica, Replicas
from gateway_svc.inference.spread import Answer, everywhere, first_found, merged
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import model_service_pb2 as ms

_GENERATIONS: Final = f"/{GENERATION_SERVICE}/"
_MODELS: Final = "/latentwire.v1.ModelService/"


class RoutedChannel(aio.Channel):
    """The replicas as one. With a single replica it is that one's channel and nothing more."""

    def __init__(self, replicas: Replicas, *, resume_every: int, tally: Tally) -> None:
        self._replicas = replicas
        self._carrying = Carrying(replicas, resume_every, tally, self._load)
        self._rules: dict[str, Callable[[Asked], Any]] = {
            f"{_GENERATIONS}GenerateImage": self._carried,
            f"{_GENERATIONS}WatchGeneration": self._watched,
            f"{_GENERATIONS}GetGeneration": self._by_id,
            f"{_GENERATIONS}ListGenerations": self._listed,
            f"{_GENERATIONS}CancelGeneration": partial(self._ended, how="cancel"),
            f"{_GENERATIONS}StopGeneration": partial(self._ended, how="stop"),
            f"{_MODELS}LoadModel": self._loaded,
            f"{_MODELS}UnloadModel": partial(self._answered, everywhere),
            f"{_MODELS}ListModels": partial(self._merged, merging.models),
            f"{_MODELS}ListLoras": partial(self._merged, merging.by_name("loras")),
            f"{_MODELS}ListEmbeddings": partial(self._merged, merging.by_name("embeddings")),
        }

    def unary_unary(
        self,
        method: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        _registered_method: bool | None = False,
    ) -> Any:
        """A method with one answer."""
        return partial(self._call, Way(UNARY, method, request_serializer, response_deserializer))

    def unary_stream(
        self,
        method: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        _registered_method: bool | None = False,
    ) -> Any:
        """A method with a stream of answers."""
        return partial(self._call, Way(STREAM, method, request_serializer, response_deserializer))

    def stream_unary(self, *_: Any, **__: Any) -> Any:
        """The contract has no such method."""
        raise NotImplementedError("no method of the contract takes a stream")

    stream_stream = stream_unary

    async def close(self, grace: float | None = None) -> None:
        """Ends every call and every connection."""
        await self._replicas.close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Whether somebody is there who takes generations."""
        return self._replicas.any.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Returns when that has changed."""
        await self._replicas.any.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Returns when somebody is there who takes generations."""
        await self._replicas.any.channel_ready()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _call(self, way: Way, request: Any, *, timeout: float | None = None, **options: Any) -> Any:
        ends_at = None if timeout is None else asyncio.get_running_loop().time() + timeout
        asked = Asked(way, request, ends_at, options)
        if not self._replicas.several:
            return asked.on(self._replicas.any)
        rule = self._rules.get(way.method)
        if rule is not None:
            return rule(asked)
        shared = self._replicas.any_loaded_or_not if way.method.startswith(_MODELS) else self._replicas.any
        return asked.on(shared)

    def _carried(self, asked: Asked) -> ComposedStream:
        return ComposedStream(asked, lambda head: Carried(asked, self._carrying, head).events())

    def _answered(self, how: Callable[[Asked, Sequence[Replica], Head], Any], asked: Asked) -> ComposedAnswer:
        return ComposedAnswer(asked, lambda head: how(asked, self._replicas.each, head))

    def _merged(self, merge: Callable[[Asked, Sequence[Any]], Any], asked: Asked) -> ComposedAnswer:
        return ComposedAnswer(asked, lambda head: merged(asked, self._replicas.each, merge, head))

    def _listed(self, asked: Asked) -> ComposedAnswer:
        return self._answered(listed, asked)

    def _by_id(self, asked: Asked) -> ComposedAnswer:
        return ComposedAnswer(asked, lambda head: self._told(asked, head))

    def _ended(self, asked: Asked, *, how: str) -> ComposedAnswer:
        """Calls about a task go to all: its later members may be anywhere."""
        target = asked.request.WhichOneof("target")
        if target is not None and getattr(asked.request, "scope", None) != gs.STOP_SCOPE_CURRENT_BATCH:
            self._replicas.ended.put(getattr(asked.request, target), how)
        return self._by_id(asked) if target == "request_id" else self._merged(merging.ids, asked)

    async def _told(self, asked: Asked, head: Head) -> Any:
        answer = await self._found(asked)
        head.set(answer.metadata)
        return answer.response

    async def _found(self, asked: Asked) -> Answer:
        """The answer of the one that has it; where that one is gone, or nobody knows which it is, of any that has."""
        known = self._replicas.of(asked.request.request_id)
        if known:
            try:
                return await first_found(asked, known)
            except aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
        return await first_found(asked, self._replicas.each)

    def _watched(self, asked: Asked) -> ComposedStream:
        return ComposedStream(asked, lambda head: self._watching(asked, head))

    async def _watching(self, asked: Asked, head: Head) -> AsyncIterator[gs.WatchGenerationResponse]:
        looking = gs.GetGenerationRequest(request_id=asked.request.request_id, skip_preview=True)
        found = await self._found(asked.about(UNARY, f"{_GENERATIONS}GetGeneration", looking, gs.GetGenerationResponse))
        head.set(found.metadata)
        call = asked.on(found.replica.channel)
        try:
            async for event in call:
                yield event
        finally:
            call.cancel()

    def _loaded(self, asked: Asked) -> ComposedStream:
        return ComposedStream(asked, lambda head: loaded_everywhere(asked, self._replicas.each, head))

    async def _load(self, asked: Asked, name: str) -> None:
        """Brings a model into the memory of every replica. Raises AioRpcError."""
        request = ms.LoadModelRequest(name=name, make_default=False)
        about = asked.about(STREAM, f"{_MODELS}LoadModel", request, ms.LoadModelResponse)
        async for _ in loaded_everywhere(about, self._replicas.each, Head()):
            pass
