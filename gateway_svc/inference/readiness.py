"""Whether the inference service takes generations: each replica's word, and what follows from them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grpc import aio
from grpc_health.v1 import health_pb2

from gateway_svc.inference.asked import UNARY, Asked, Way
from gateway_svc.inference.channels import GENERATION_SERVICE
from gateway_svc.inference.replicas import Replica, Replicas
from latentwire.errors import Unavailable
from latentwire.status import from_rpc_error

SERVING: Final = "SERVING"
_CHECK: Final = Way(
    UNARY,
    "/grpc.health.v1.Health/Check",
    health_pb2.HealthCheckRequest.SerializeToString,
    health_pb2.HealthCheckResponse.FromString,
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What every replica says of itself, by its address: SERVING, NOT_SERVING, or why it does not answer."""

    replicas: Mapping[str, str]

    @property
    def serving(self) -> int:
        """How many take generations."""
        return sum(said == SERVING for said in self.replicas.values())

    @property
    def status(self) -> str:
        """ "ready", or "degraded" where some don't."""
        return "ready" if self.serving == len(self.replicas) else "degraded"

    def require_one(self) -> None:
        """Raises Unavailable where none takes generations."""
        if not self.serving:
            raise Unavailable(f"the inference service {_in_words(self.replicas)}", retry_after_s=1.0)


async def readiness(replicas: Replicas, timeout_s: float) -> Readiness:
    """What the replicas say, within that time."""
    ends_at = asyncio.get_running_loop().time() + timeout_s
    asked = Asked(_CHECK, health_pb2.HealthCheckRequest(service=GENERATION_SERVICE), ends_at)
    said = await asyncio.gather(*(_said(asked, replica) for replica in replicas.each))
    return Readiness({replica.address: word for replica, word in zip(replicas.each, said, strict=True)})


def _in_words(replicas: Mapping[str, str]) -> str:
    if len(replicas) == 1:
        return next(iter(replicas.values()))
    return "takes no generations: " + "; ".join(f"{address} {said}" for address, said in replicas.items())


async def _said(asked: Asked, replica: Replica) -> str:
    call = asked.on(replica.channel)
    try:
        status = (await call).status
        replica.said(await call.initial_metadata())
    except aio.AioRpcError as error:
        return f"does not answer: {from_rpc_error(error).message}"
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    return SERVING if name == SERVING else f"is {name}"
