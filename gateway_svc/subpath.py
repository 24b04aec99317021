"""A gateway below a path of a proxy, whether the proxy takes that path off or leaves it on."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Below:
    """Makes every request one below the path, as ASGI's root_path has it."""

    def __init__(self, app: ASGIApp, subpath: str) -> None:
        self._app, self._subpath = app, subpath

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"] if _is_below(scope["path"], self._subpath) else self._subpath + scope["path"]
        await self._app({**scope, "root_path": self._subpath, "path": path}, receive, send)


def route_path(scope: Scope) -> str:
    """The request's path as the routes have it, without what lies above the application."""
    path, root = str(scope.get("path", "")), str(scope.get("root_path", ""))
    return path[len(root) :] if root and _is_below(path, root) else path


def _is_below(path: str, subpath: str) -> bool:
    return path.startswith(subpath + "/")
