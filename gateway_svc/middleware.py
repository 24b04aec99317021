"""What happens around every request: time, origins, credentials, size, compression.

All of it is plain ASGI, so that a route still sees its client go away.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway_svc.authentication import Authenticate
from gateway_svc.crowds import ShareAnswers
from gateway_svc.metrics import Measured, Metrics
from gateway_svc.sdapi.errors import Refused, refused
from gateway_svc.settings import Settings
from gateway_svc.subpath import Below, route_path

_LOG = logging.getLogger("gateway_svc.requests")
_EXPOSED: Final = ("X-Process-Time", "X-Latentwire-Engine", "X-Latentwire-Warning", "Retry-After")
# Pictures are compressed already; gzip would cost more time than the generation of a small one. What is streamed has to
# arrive at once, and gzip would keep it back.
_PICTURE_PATHS: Final = frozenset(
    {
        *(f"/sdapi/v1/{name}" for name in ("txt2img", "img2img", "extra-single-image", "extra-batch-images")),
        *("/sdapi/v1/progress", "/internal/progress"),
    }
)
_STREAM_PREFIX: Final = "/api/v1/"


def add_middleware(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """Wraps the application; what is added last is outermost."""
    app.add_middleware(CompressText)
    app.add_middleware(ShareAnswers)
    app.add_middleware(LimitBody, limit=settings.max_body_bytes)
    if settings.users:
        app.add_middleware(Authenticate, users=settings.users)
    if settings.cors_allow_origins or settings.cors_allow_origins_regex:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_allow_origins,
            allow_origin_regex=settings.cors_allow_origins_regex,
            allow_methods=["*"],
            allow_headers=["*"],
            allow_credentials=True,
            expose_headers=_EXPOSED,
        )
    app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(Timed, log=settings.api_log)
    if settings.subpath:
        app.add_middleware(Below, subpath=settings.subpath)


class Timed:
    """Says in X-Process-Time how many seconds an answer took, and logs it where asked to."""

    def __init__(self, app: ASGIApp, log: bool) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        began = time.perf_counter()

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                took_s = time.perf_counter() - began
                MutableHeaders(scope=message)["X-Process-Time"] = f"{took_s:.4f}"
                if self._log:
                    _LOG.info("API %d %s", message["status"], _logged(scope, took_s))
            await send(message)

        await self._app(scope, receive, timed)


def _logged(scope: Scope, took_s: float) -> str:
    """Protocol, who asked, for what, and the seconds it took. Control characters, as in a path, are escaped."""
    client = scope.get("client") or ("-",)
    protocol = f"{scope.get('scheme', 'http')}/{scope.get('http_version', '1.1')}"
    return f"{protocol} {client[0]} {scope['method']} {scope['path']!r:.500} {took_s:.4f} s".replace("'", "")


class LimitBody:
    """Refuses a body over the limit: at once when its length is said, else as soon as it is reached."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isdigit() and int(length) > self._limit:
            await self._refused()(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        left = self._limit

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._error()
            return message

        return counted

    def _refused(self) -> ASGIApp:
        return refused(self._error())

    def _error(self) -> Refused:
        return Refused(413, f"the body is larger than {self._limit} bytes")


class CompressText:
    """Gzip for bodies of 1000 bytes and more, but for pictures."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        path = route_path(scope)
        app = self._plain if path in _PICTURE_PATHS or path.startswith(_STREAM_PREFIX) else self._gzip
        await app(scope, receive, send)
