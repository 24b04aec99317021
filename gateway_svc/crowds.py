"""Many callers who ask the same at the same moment: one of them is answered, and the others with it.

It stands before everything that a framework does for a request, since that is most of what a small answer costs.
"""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway_svc.authentication import USER_KEY
from gateway_svc.services import Services
from gateway_svc.subpath import route_path

_SHARED_PATHS: Final = frozenset({"/sdapi/v1/progress"})


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was sent, and the route that sent it, by which requests are counted."""

    messages: tuple[Message, ...]
    route: object | None


class ShareAnswers:
    """Answers a GET of a shared path with what another caller of the same name was told a moment ago."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "GET" or route_path(scope) not in _SHARED_PATHS:
            await self._app(scope, receive, send)
            return
        services = cast("Services", scope["app"].state.services)
        answer = await services.shared.get(_key(scope), lambda: self._asked(scope, receive))
        if answer.route is not None:
            scope["route"] = answer.route
        for message in answer.messages:
            await send(_copied(message))

    async def _asked(self, scope: Scope, receive: Receive) -> _Answer:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        return _Answer(tuple(messages), scope.get("route"))


def _key(scope: Scope) -> Hashable:
    return scope["path"], scope["query_string"], scope.get(USER_KEY, "")


def _copied(message: Message) -> MutableMapping[str, Any]:
    """One caller's own: what is around this adds headers of its own."""
    return {**message, "headers": list(message["headers"])} if "headers" in message else dict(message)
