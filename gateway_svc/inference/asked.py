"""A call before it is known who answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from grpc import StatusCode, aio
from grpc_status import rpc_status

from latentwire.errors import LatentwireError
from latentwire.status import to_status

UNARY: Final = "unary_unary"
STREAM: Final = "unary_stream"


@dataclass(frozen=True, slots=True)
class Way:
    """How a method's messages become bytes and back. `kind`: UNARY or STREAM."""

    kind: str
    method: str
    serialize: Callable[[Any], bytes] | None = None
    deserialize: Callable[[bytes], Any] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a caller. `ends_at`: its deadline, on the event loop's clock."""

    way: Way
    request: Any
    ends_at: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def left_s(self) -> float | None:
        """Seconds until the deadline, at least 0; None where there is none."""
        return None if self.ends_at is None else max(0.0, self.ends_at - asyncio.get_running_loop().time())

    def on(self, channel: aio.Channel) -> Any:
        """The call, begun on this channel."""
        way = self.way
        make = channel.unary_unary if way.kind == UNARY else channel.unary_stream
        return make(way.method, way.serialize, way.deserialize)(self.request, timeout=self.left_s, **self.options)

    def saying(self, request: Any) -> Asked:
        """The same with another request."""
        return replace(self, request=request)

    def about(self, kind: str, method: str, request: Any, answer: type) -> Asked:
        """Another call with this one's deadline and metadata."""
        way = Way(kind, method, type(request).SerializeToString, answer.FromString)  # type: ignore[attr-defined]
        return replace(self, way=way, request=request)


def as_rpc_error(error: LatentwireError) -> aio.AioRpcError:
    """A domain error as a failed call, with all details."""
    status = rpc_status.to_status(to_status(error))
    code: StatusCode = status.code
    return aio.AioRpcError(code, aio.Metadata(), aio.Metadata(*(status.trailing_metadata or ())), status.details)
