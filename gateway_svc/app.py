"""The application: routes, errors, middleware."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from gateway_svc import health
from gateway_svc.middleware import add_middleware
from gateway_svc.sdapi import errors, routes
from gateway_svc.services import Services
from gateway_svc.settings import Settings
from latentwire import __version__
from latentwire.errors import Internal, LatentwireError

_LOG = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """The gateway as an ASGI application. Connects to the inference service when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = Services.start(settings)
        yield
        await app.state.services.close()

    app = FastAPI(title="Latentwire", version=__version__, lifespan=lifespan)
    for router in (routes.router, health.router):
        app.include_router(router)
    _add_error_handlers(app)
    add_middleware(app, settings)
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

    @app.exception_handler(LatentwireError)
    async def _(_: Request, error: LatentwireError) -> Response:
        if isinstance(error, Internal):
            _LOG.error("internal error", exc_info=error)
        return errors.domain(error)
