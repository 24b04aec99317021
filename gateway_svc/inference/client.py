"""The inference service, of one replica or of several, and its calls with domain errors in place of status codes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from grpc import aio

from gateway_svc.inference.carrying import Tally
from gateway_svc.inference.channels import GENERATION_SERVICE, MAX_MESSAGE_BYTES
from gateway_svc.inference.readiness import SERVING, Readiness, readiness
from gateway_svc.inference.replicas import Replicas
from gateway_svc.inference.routing import RoutedChannel
from latentwire.errors import PayloadTooLarge
from latentwire.status import from_rpc_error
from latentwire.v1 import generation_service_pb2_grpc, model_service_pb2_grpc, postprocessing_service_pb2_grpc

ENGINE_KEY: Final = "x-latentwire-engine"
# Who scrapes figures waits ten seconds at most, and wants the rest of them even where a replica hangs.
_GLANCE_S: Final = 3.0

Q = TypeVar("Q")
R = TypeVar("R")


class Inference:
    """The inference service as the gateway sees it. Made inside the running event loop, opened and closed once.

    `where`: HOST:PORT[,HOST:PORT]. A generation that loses its replica goes on at another one, from a point at most
    `resume_every` steps ago, or from its beginning where that is 0.
    """

    def __init__(
        self, where: str, *, tally: Tally, token: str | None = None, resume_every: int = 0, timeout_s: float = 10.0
    ) -> None:
        self._replicas = Replicas(where)
        self._metadata = aio.Metadata(("authorization", f"Bearer {token}")) if token else aio.Metadata()
        self._timeout_s = timeout_s
        self.channel: aio.Channel = RoutedChannel(self._replicas, resume_every=resume_every, tally=tally)
        """Takes calls of every service of the contract, and sends each where it belongs."""
        self.generations = generation_service_pb2_grpc.GenerationServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.postprocessing = postprocessing_service_pb2_grpc.PostprocessingServiceStub(self.channel)

    async def open(self) -> None:
        """Looks up where the replicas are."""
        await self._replicas.open()

    async def close(self) -> None:
        """Ends every call and the connections."""
        await self._replicas.close()

    @property
    def metadata(self) -> aio.Metadata:
        """What every call carries: the token, where there is one."""
        return self._metadata

    async def ask(self, method: aio.UnaryUnaryMultiCallable[Q, R], request: Q) -> R:
        """One answer. Raises LatentwireError."""
        try:
            return await method(request, timeout=self._timeout_s, metadata=self._metadata)
        except aio.AioRpcError as error:
            raise from_rpc_error(error) from None

    @asynccontextmanager
    async def stream(
        self, method: aio.UnaryStreamMultiCallable[Q, R], request: Q
    ) -> AsyncIterator[aio.UnaryStreamCall[Q, R]]:
        """Many answers; leaving the block early cancels the call. Raises LatentwireError."""
        size = request.ByteSize()  # type: ignore[attr-defined]
        if size > MAX_MESSAGE_BYTES:
            raise PayloadTooLarge(f"the request has {size} bytes, at most {MAX_MESSAGE_BYTES} are taken")
        call = method(request, metadata=self._metadata)
        try:
            yield call
        except aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        finally:
            call.cancel()

    async def check(self) -> Readiness:
        """What the replicas say. Raises Unavailable when none takes generations."""
        found = await readiness(self._replicas, self._timeout_s)
        found.require_one()
        return found

    async def serving(self) -> Mapping[str, bool]:
        """Which replicas take generations, by address."""
        found = await readiness(self._replicas, _GLANCE_S)
        return {address: said == SERVING for address, said in found.replicas.items()}


async def engine_of(call: aio.Call) -> str:
    """What the service says it runs ("fake", …); empty when it doesn't say."""
    metadata = await call.initial_metadata()
    return next((str(value) for key, value in metadata if key == ENGINE_KEY), "")


__all__ = ["ENGINE_KEY", "GENERATION_SERVICE", "Inference", "engine_of"]
