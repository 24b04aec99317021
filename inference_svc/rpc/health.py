"""grpc.health.v1, as the engine really is."""

from __future__ import annotations

from collections.abc import Sequence

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The status of the whole server ("") and of each service."""

    def __init__(self, services: Sequence[str]) -> None:
        self.servicer = aio.HealthServicer()
        self._services = ("", *services)

    async def begin(self) -> None:
        """Says NOT_SERVING, until it is known better."""
        await self._set(NOT_SERVING)

    async def serving(self) -> None:
        """Says SERVING; after `stopping` nothing changes any more."""
        await self._set(SERVING)

    async def stopping(self) -> None:
        """Says NOT_SERVING for good."""
        await self.servicer.enter_graceful_shutdown()

    async def _set(self, status: health_pb2.HealthCheckResponse.ServingStatus.ValueType) -> None:
        for service in self._services:
            await self.servicer.set(service, status)
