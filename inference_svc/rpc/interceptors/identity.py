"""Says on every answer who made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inference_svc.rpc.interceptors.around import Around, Call, Proceed

REPLICA_KEY = "x-latentwire-replica"
ENGINE_KEY = "x-latentwire-engine"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which replica answers, and what its engine is: "onnx", "torch" or "fake"."""

    replica: str
    engine: str

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return ((REPLICA_KEY, self.replica), (ENGINE_KEY, self.engine))


def identified(identity: Identity) -> Around:
    """Puts the identity into the initial and the trailing metadata: readers of either find it, errors have it too."""

    async def around(call: Call, proceed: Proceed) -> Any:
        call.context.set_trailing_metadata(identity.metadata)
        await call.context.send_initial_metadata(identity.metadata)
        return await proceed(call)

    return around
