"""Bearer tokens."""

from __future__ import annotations

import hmac
from typing import Any

from inference_svc.rpc.interceptors.around import Around, Call, Proceed
from latentwire.errors import Unauthenticated

_HEALTH = "/grpc.health.v1.Health/"


def require_token(token: str) -> Around:
    """Refuses calls without `authorization: Bearer <token>`; health checks need none, so that probes stay simple."""

    async def around(call: Call, proceed: Proceed) -> Any:
        if not call.method.startswith(_HEALTH) and not _matches(_presented(call), token):
            raise Unauthenticated("the call needs the metadata authorization: Bearer <token> with this server's token")
        return await proceed(call)

    return around


def _presented(call: Call) -> str:
    for key, value in call.context.invocation_metadata() or ():
        if key == "authorization" and isinstance(value, str) and value.lower().startswith("bearer "):
            return value[len("bearer ") :]
    return ""


def _matches(presented: str, token: str) -> bool:
    return hmac.compare_digest(presented.encode(), token.encode())
