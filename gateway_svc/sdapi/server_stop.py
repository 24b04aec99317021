"""/sdapi/v1/server-*: clients that may end the server. There only with --api-server-stop."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response

from gateway_svc.lifetime import Lifetime


def router_of(lifetime: Lifetime) -> APIRouter:
    """The three routes, about this lifetime."""
    router = APIRouter(prefix="/sdapi/v1", tags=["server"])

    @router.post("/server-kill")
    async def server_kill() -> None:
        """Ends the process at once; there is no answer."""
        lifetime.kill()

    @router.post("/server-restart")
    async def server_restart() -> Response:
        """Finishes what runs and starts again; 501 where nobody would start it again."""
        if not lifetime.can_restart:
            return Response(status_code=501)
        return PlainTextResponse("Restarting.", background=BackgroundTask(lifetime.restart))

    @router.post("/server-stop")
    async def server_stop() -> Response:
        """Finishes what runs and ends."""
        return PlainTextResponse("Stopping.", background=BackgroundTask(lifetime.stop))

    return router
