"""One log line and two metrics for every call."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import grpc

from inference_svc.rpc.interceptors.around import Around, Call, Proceed
from inference_svc.rpc.metrics import RpcMetrics
from latentwire.errors import LatentwireError

log = logging.getLogger("latentwire.rpc")

HEALTH = "/grpc.health.v1.Health/"
UNKNOWN = "unknown"
"""What calls of methods that are not there are counted as, whatever they were called."""
_NOT_ID = re.compile(r"[^A-Za-z0-9_.()-]")
_LONGEST_ID = 128


def observed(metrics: RpcMetrics, clock: Callable[[], float] = time.monotonic) -> Around:
    """Logs and counts every call by method and code."""

    async def around(call: Call, proceed: Proceed) -> Any:
        started, code = clock(), "OK"
        try:
            return await proceed(call)
        except BaseException as error:
            code = _code(error, call)
            raise
        finally:
            _note(metrics, call, code=code, duration_s=clock() - started)

    return around


def _code(error: BaseException, call: Call) -> str:
    if isinstance(error, LatentwireError):
        return error.code
    if isinstance(error, asyncio.CancelledError):
        return "CANCELLED"
    if isinstance(error, grpc.aio.AbortError):
        return _named(call.context.code())
    return "INTERNAL"


def _named(code: object) -> str:
    """Returns a status code's name; handlers may have given it as the enum or as the number on the wire."""
    for known in grpc.StatusCode:
        if code is known or code == known.value[0]:
            return known.name
    return "UNKNOWN"


def _note(metrics: RpcMetrics, call: Call, *, code: str, duration_s: float) -> None:
    metrics.note(call.method if call.known else UNKNOWN, code, duration_s)
    # As sent, unchecked: a line end in it must not begin a line of the log.
    request_id = _NOT_ID.sub("?", getattr(call.request, "request_id", "")[:_LONGEST_ID]) or "-"
    log.log(
        logging.DEBUG if call.method.startswith(HEALTH) else logging.INFO,
        "method=%s code=%s ms=%.1f request_id=%s peer=%s",
        call.method, code, duration_s * 1000, request_id, call.context.peer(),
    )  # fmt: skip
