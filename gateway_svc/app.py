"""The application: routes, errors, middleware."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.responses import Response

from gateway_svc import extra_networks, health, internal, internal_reports, metrics, native
from gateway_svc.lifetime import Lifetime
from gateway_svc.middleware import add_middleware
from gateway_svc.native_document import describe
from gateway_svc.sdapi import (
    errors,
    extras,
    interrogate,
    lists,
    nothing_installed,
    options_routes,
    png_info,
    progress_routes,
    routes,
    server_routes,
    server_stop,
    training,
)
from gateway_svc.sdapi.scripts import listing
from gateway_svc.services import Services
from gateway_svc.settings import Settings
from gateway_svc.web import routes as web
from latentwire import __version__
from latentwire.errors import Internal, LatentwireError

_LOG = logging.getLogger(__name__)
_ROUTES = (
    routes,
    progress_routes,
    options_routes,
    lists,
    nothing_installed,
    server_routes,
    training,
    listing,
    png_info,
    extras,
    interrogate,
    internal,
    internal_reports,
    extra_networks,
    health,
    metrics,
    web,
)


def create_app(settings: Settings, lifetime: Lifetime | None = None) -> FastAPI:
    """The gateway as an ASGI application. Connects to the inference service when it starts.

    Clients can stop the server where settings allow it and `lifetime` says how.
    """

    began_s = time.perf_counter()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = await Services.start(settings, app.state.metrics, began_s)
        yield
        await app.state.services.close()

    app = FastAPIOffline(title="Latentwire", version=__version__, lifespan=lifespan)
    app.state.metrics = metrics.Metrics()
    for module in _ROUTES:
        app.include_router(module.router)
    if settings.api_server_stop and lifetime is not None:
        app.include_router(server_stop.router_of(lifetime))
    transcoder = native.transcoder()
    app.router.routes.append(transcoder)
    describe(app, transcoder)
    _add_error_handlers(app)
    add_middleware(app, settings, app.state.metrics)
    return app


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        return errors.invalid_body(error.errors())

    @app.exception_handler(errors.Refused)
    async def _(_: Request, error: errors.Refused) -> Response:
        return errors.refused(error)

    @app.exception_handler(errors.Raised)
    async def _(_: Request, error: errors.Raised) -> Response:
        return errors.raised(error)

    @app.exception_handler(Exception)
    async def _(_: Request, error: Exception) -> Response:
        # Raised again, and so logged with its traceback, once this has been sent.
        return errors.domain(Internal(str(error)))

    @app.exception_handler(LatentwireError)
    async def _(_: Request, error: LatentwireError) -> Response:
        if isinstance(error, Internal):
            _LOG.error("internal error", exc_info=error)
        return errors.domain(error)
