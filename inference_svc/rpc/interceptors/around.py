"""Surrounds handlers: one interceptor for all purposes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from inference_svc.rpc.interceptors.streaming import STALL_S, as_coroutine
from latentwire.errors import Unimplemented

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
Behaviour: TypeAlias = Callable[[Any, Context], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as interceptors see it: `method` is "/package.Service/Method"; `known`: there is such a method."""

    method: str
    request: object
    context: Context
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Surrounded:
    """A handler, and the one that was made of it: once for each method that there is, not for each call."""

    inner: object
    outer: grpc.RpcMethodHandler[Any, Any]


Proceed: TypeAlias = Callable[[Call], Awaitable[Any]]
Around: TypeAlias = Callable[[Call, Proceed], Awaitable[Any]]
"""Answers a call by letting it proceed, once at most, and does something before or after."""


class AroundInterceptor(grpc.aio.ServerInterceptor):
    """Runs every handler inside each of `arounds`, the first one outermost."""

    def __init__(self, arounds: Sequence[Around], stall_s: float = STALL_S) -> None:
        self._arounds, self._stall_s = tuple(arounds), stall_s
        self._surrounded: dict[str, _Surrounded] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        method = str(handler_call_details.method)
        handler = await continuation(handler_call_details)
        if handler is None:  # not kept: its name is whatever a client has sent
            return self._surround(method, _unknown(method), known=False)
        known = self._surrounded.get(method)
        if known is None or known.inner is not handler:
            known = self._surrounded[method] = _Surrounded(handler, self._surround(method, handler))
        return known.outer

    def _surround(self, method: str, handler: Any, *, known: bool = True) -> grpc.RpcMethodHandler[Any, Any]:
        innermost = as_coroutine(_behaviour(handler), self._stall_s)

        def proceed(call: Call) -> Awaitable[Any]:
            return innermost(call.request, call.context)

        outermost: Proceed = proceed
        for around in reversed(self._arounds):
            outermost = _inside(around, outermost)

        async def behaviour(request: Any, context: Context) -> Any:
            return await outermost(Call(method, request, context, known))

        return _rebuilt(handler, behaviour)


def _inside(around: Around, proceed: Proceed) -> Proceed:
    return lambda call: around(call, proceed)


def _behaviour(handler: Any) -> Callable[[Any, Context], Any]:
    found: Callable[[Any, Context], Any] = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    return found


def _rebuilt(handler: Any, behaviour: Behaviour) -> grpc.RpcMethodHandler[Any, Any]:
    kind = f"{'stream' if handler.request_streaming else 'unary'}_{'stream' if handler.response_streaming else 'unary'}"
    make: Callable[..., grpc.RpcMethodHandler[Any, Any]] = getattr(grpc, f"{kind}_rpc_method_handler")
    return make(behaviour, handler.request_deserializer, handler.response_serializer)


def _unknown(method: str) -> grpc.RpcMethodHandler[Any, Any]:
    async def refuse(_: bytes, __: Context) -> bytes:
        raise Unimplemented(f"there is no method {method}")

    return grpc.unary_unary_rpc_method_handler(refuse)
