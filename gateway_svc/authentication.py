"""Who may come in: HTTP Basic, as A1111's --api-auth has it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway_svc.sdapi.errors import Refused, refused
from gateway_svc.subpath import route_path

USER_KEY: Final = "latentwire.user"
_OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})


class Authenticate:
    """Lets those in who know a name and its password, everywhere but at the health routes."""

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self._app = app
        self._pairs = {name: f"{name}:{password}".encode() for name, password in users.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or route_path(scope) in _OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        pair = credentials(Headers(scope=scope).get("authorization", ""))
        user = self._user(pair)
        if user is None:
            await _challenge("Incorrect username or password" if pair else "Not authenticated")(scope, receive, send)
            return
        scope[USER_KEY] = user
        await self._app(scope, receive, send)

    def _user(self, pair: bytes) -> str | None:
        """Whose pair it is; compares with every one, in the same time whichever fits."""
        found = None
        for name, known in self._pairs.items():
            if hmac.compare_digest(pair, known):
                found = name
        return found


def credentials(header: str) -> bytes:
    """`user:password` out of an Authorization header; empty where it holds none."""
    scheme, _, payload = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(payload.strip(), validate=True)
    except ValueError:  # binascii.Error, or what is not ASCII
        return b""


def _challenge(detail: str) -> ASGIApp:
    response = refused(Refused(401, detail))
    response.headers["WWW-Authenticate"] = 'Basic realm="Latentwire"'
    return response
