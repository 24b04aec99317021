"""One channel to the inference service, and its calls with domain errors in place of status codes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from latentwire.errors import LatentwireError, PayloadTooLarge, Unavailable
from latentwire.status import from_rpc_error
from latentwire.v1 import generation_service_pb2_grpc, model_service_pb2_grpc, postprocessing_service_pb2_grpc

GENERATION_SERVICE: Final = "latentwire.v1.GenerationService"
ENGINE_KEY: Final = "x-latentwire-engine"
MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_OPTIONS: Final[Sequence[tuple[str, int]]] = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Not a pause, whatever its name: how long a connection may take, and a busy machine is slow to greet.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A generation is never repeated behind the caller's back.
    ("grpc.enable_retries", 0),
)

Q = TypeVar("Q")
R = TypeVar("R")


class Inference:
    """The inference service as the gateway sees it. Made inside the running event loop, closed once."""

    def __init__(self, target: str, *, token: str | None = None, timeout_s: float = 10.0) -> None:
        self._channel = aio.insecure_channel(target, options=_OPTIONS)
        self._metadata = aio.Metadata(("authorization", f"Bearer {token}")) if token else aio.Metadata()
        self._timeout_s = timeout_s
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self.generations = generation_service_pb2_grpc.GenerationServiceStub(self._channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self.postprocessing = postprocessing_service_pb2_grpc.PostprocessingServiceStub(self._channel)

    async def close(self) -> None:
        """Ends every call and the connection."""
        await self._channel.close()

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

    async def check(self) -> None:
        """Returns when the service takes generations. Raises LatentwireError, usually Unavailable, when not."""
        request = health_pb2.HealthCheckRequest(service=GENERATION_SERVICE)
        try:
            answer = await self._health.Check(request, timeout=self._timeout_s, metadata=self._metadata)
        except aio.AioRpcError as error:
            raise _unavailable(from_rpc_error(error)) from None
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            name = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
            raise Unavailable(f"the inference service is {name}", retry_after_s=1.0)


def _unavailable(error: LatentwireError) -> Unavailable:
    """Whatever kept the health service from answering, another try may cure it."""
    return Unavailable(f"the inference service does not answer: {error.message}", retry_after_s=1.0)


async def engine_of(call: aio.Call) -> str:
    """What the service says it runs ("fake", …); empty when it doesn't say."""
    metadata = await call.initial_metadata()
    return next((str(value) for key, value in metadata if key == ENGINE_KEY), "")


__all__ = ["ENGINE_KEY", "GENERATION_SERVICE", "Inference", "engine_of"]
