"""Handlers are surrounded once for each method that there is."""

from __future__ import annotations

from typing import Any, NamedTuple

import grpc
import pytest

from inference_svc.rpc.interceptors.around import AroundInterceptor, Call, Proceed
from latentwire.errors import Unimplemented


class Details(NamedTuple):
    """What gRPC tells of a call before its request is read."""

    method: str


async def echo(request: Any, _: Any) -> Any:
    return [request]


def handler() -> Any:
    return grpc.unary_unary_rpc_method_handler(echo)


async def surrounded(interceptor: AroundInterceptor, inner: Any, method: str = "/of.somebody/Paint") -> Any:
    async def continuation(_: Any) -> Any:
        return inner

    return await interceptor.intercept_service(continuation, Details(method))  # type: ignore[arg-type]  # no more is read


def noting(names: list[str], name: str) -> Any:
    async def around(call: Call, proceed: Proceed) -> Any:
        names.append(f"{name} {call.method} {call.known}")
        answer = await proceed(call)
        names.append(name)
        return answer

    return around


async def test_a_handler_is_surrounded_once_and_anew_where_there_is_another_one() -> None:
    interceptor, inner = AroundInterceptor([]), handler()
    first, second, other = [await surrounded(interceptor, each) for each in (inner, inner, handler())]
    assert (first is second, first is other) == (True, False)


async def test_the_first_surrounds_the_others() -> None:
    names: list[str] = []
    outer = await surrounded(AroundInterceptor([noting(names, "a"), noting(names, "b")]), handler())
    assert await outer.unary_unary("x", None) == ["x"]
    assert names == ["a /of.somebody/Paint True", "b /of.somebody/Paint True", "b", "a"]


async def test_nothing_is_kept_of_methods_that_are_not_there() -> None:
    names: list[str] = []
    interceptor = AroundInterceptor([noting(names, "a")])
    refusing = await surrounded(interceptor, None, "/of.nobody/Paint")
    with pytest.raises(Unimplemented, match=r"no method /of\.nobody/Paint$"):
        await refusing.unary_unary(b"", None)
    assert (names, interceptor._surrounded) == (["a /of.nobody/Paint False"], {})
